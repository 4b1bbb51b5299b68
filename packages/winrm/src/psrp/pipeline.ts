import { StringDecoder } from 'node:string_decoder'
import type { PowerShellPiece, PowerShellStream } from '../powershell/run.ts'
import type { Dialect, Heard } from '../winrs/dialect.ts'
import { signalBody } from '../winrs/requests.ts'
import { Ns } from '../wsman/namespaces.ts'
import { child, descendantNamed, type XmlElement } from '../wsman/xml-reader.ts'
import { xmlText } from '../wsman/xml-text.ts'
import { createDefragmenter, type createFragmenter } from './fragments.ts'
import { MessageType, readMessage, writeMessage, type Message } from './messages.ts'
import { member, memberNumber, shown, shownError, stringXml } from './objects.ts'

/** PSInvocationState, MS-PSRP 2.2.3.5. */
const State = { stopped: 3, completed: 4, failed: 5 } as const

/** RemoteHostMethodId of SetShouldExit, MS-PSRP 2.2.3.17: how `exit 3` reaches us. */
const SET_SHOULD_EXIT = 6

/** The messages of one answer to Receive, and whether the command is done. */
export const heardMessages = (answer: XmlElement, defragment: (data: Buffer) => Buffer[]) => {
  const response = child(answer, Ns.shell, 'ReceiveResponse')
  const parts = response?.children ?? []
  return {
    messages: parts
      .filter(({ name }) => name === 'Stream')
      .flatMap(({ text }) => defragment(Buffer.from(text, 'base64')))
      .map(readMessage),
    isDone: parts.some(
      ({ name, attributes }) => name === 'CommandState' && attributes.get('State')?.endsWith('/Done') === true,
    ),
  }
}

const line = (stream: PowerShellStream, text: string): PowerShellPiece => ({ stream, data: Buffer.from(`${text}\r\n`) })

/** Write-Host comes as information, too; it is output then. */
const informationPiece = (record: XmlElement | undefined): PowerShellPiece => {
  const isForHost = member(record, 'Tags')?.children.some((list) => list.children.some(({ text }) => text === 'PSHOST'))
  const data = member(record, 'MessageData')
  const text = data?.name === 'Obj' ? shown(descendantNamed(data, 'Message') ?? data) : shown(data)
  return line(isForHost === true ? 'stdout' : 'information', text)
}

const recordText = (record: XmlElement | undefined) => shown(member(record, 'InformationalRecord_Message') ?? record)

export type PipelineIds = { readonly poolId: string; readonly pipelineId: string }

/** How a pipeline speaks through Receive, Send and Signal. MS-PSRP 3.1.5.4 */
export const pipelineDialect = (
  { poolId, pipelineId }: PipelineIds,
  fragment: ReturnType<typeof createFragmenter>,
): Dialect<PowerShellPiece> => {
  const defragment = createDefragmenter()
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let asked: number | undefined
  let state: number | undefined

  const hearOne = ({ type, data }: Message): PowerShellPiece[] => {
    switch (type) {
      case MessageType.pipelineOutput:
        return [line('stdout', shown(data))]
      case MessageType.errorRecord:
        return [{ stream: 'stderr', data: Buffer.from(shownError(data)) }]
      case MessageType.warningRecord:
        return [line('warning', recordText(data))]
      case MessageType.verboseRecord:
        return [line('verbose', recordText(data))]
      case MessageType.debugRecord:
        return [line('debug', recordText(data))]
      case MessageType.informationRecord:
        return [informationPiece(data)]
      case MessageType.pipelineHostCall:
        if (Number(member(data, 'mi')?.children.find(({ name }) => name === 'I32')?.text) === SET_SHOULD_EXIT)
          asked = Number(member(data, 'mp')?.children.find(({ name }) => name === 'LST')?.children[0]?.text) >>> 0
        return []
      case MessageType.pipelineState: {
        state = memberNumber(data, 'PipelineState')
        const failure = member(data, 'ExceptionAsErrorRecord')
        return failure === undefined ? [] : [{ stream: 'stderr', data: Buffer.from(shownError(failure)) }]
      }
      default:
        return [] // progress, and what later versions may say
    }
  }

  const isEnded = () => state !== undefined && state >= State.stopped && state <= State.failed

  const inputMessages = (lines: readonly string[], sizeBytes: number): Buffer[] =>
    lines.flatMap((text) =>
      fragment(writeMessage(MessageType.pipelineInput, poolId, pipelineId, stringXml(text)), sizeBytes),
    )

  return {
    receiveBody: `<rsp:Receive><rsp:DesiredStream CommandId="${pipelineId}">stdout</rsp:DesiredStream></rsp:Receive>`,
    hear(answer): Heard<PowerShellPiece> {
      const { messages, isDone } = heardMessages(answer, defragment)
      const pieces = messages.flatMap(hearOne)
      if (!isDone && !isEnded()) return { pieces, exitCode: undefined }
      return { pieces, exitCode: asked ?? (state === State.completed ? 0 : 1) }
    },
    *input(data, sizeBytes) {
      const lines = (rest + decoder.write(data)).split(/\r?\n/)
      rest = lines.pop()!
      // several small messages in one Send
      let together: Buffer[] = []
      let length = 0
      for (const part of inputMessages(lines, sizeBytes)) {
        if (length + part.length > sizeBytes) {
          yield Buffer.concat(together)
          together = []
          length = 0
        }
        together.push(part)
        length += part.length
      }
      if (together.length > 0) yield Buffer.concat(together)
    },
    inputEnd(sizeBytes) {
      const last = rest + decoder.end()
      const end = writeMessage(MessageType.endOfPipelineInput, poolId, pipelineId, '')
      const parts = [...inputMessages(last === '' ? [] : [last], sizeBytes), ...fragment(end, sizeBytes)]
      return { data: Buffer.concat(parts), isLast: false }
    },
    signalBody: (name) =>
      // a running pipeline is stopped by a signal of PowerShell's own; the other one takes leave of a finished one
      isEnded()
        ? signalBody(pipelineId, 'terminate')
        : `<rsp:Signal CommandId="${xmlText(pipelineId)}"><rsp:Code>${name === 'terminate' || name === 'ctrl_c' ? 'powershell/signal/ctrl_c' : `${Ns.shell}/signal/${name}`}</rsp:Code></rsp:Signal>`,
  }
}
