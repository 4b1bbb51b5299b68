// The PowerShell plug-in: runspace pools and their pipelines, as much as a client can tell from outside. MS-PSRP 3.2
import { PassThrough, Writable } from 'node:stream'
import { createDefragmenter, createFragmenter } from '../src/psrp/fragments.ts'
import { MessageType, readMessage, writeMessage } from '../src/psrp/messages.ts'
import { SESSION_CAPABILITY, shown, stringXml } from '../src/psrp/objects.ts'
import { descendantNamed } from '../src/wsman/xml-reader.ts'
import { inside, type PowerShell, type Program, type Surroundings } from './programs.ts'

export type RunspacePool = {
  /** The pool's own messages, once; undefined when there is nothing to say. */
  receive(): string | undefined
  /** A pipeline as a program: what it reads and writes are fragments. */
  start(pipelineId: string, fragments: Buffer, surroundings: Surroundings): Program
}

const FRAGMENT_BYTES = 32_768

const state = (name: string, value: number) => `<Obj RefId="0"><MS><I32 N="${name}">${value}</I32></MS></Obj>`

const errorXml = (text: string) =>
  `<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>` +
  `${stringXml(text).replaceAll(/(<\/?)S>/g, '$1ToString>')}<MS><S N="FullyQualifiedErrorId">Simulated</S></MS></Obj>`

const shouldExit = (code: number) =>
  `<Obj RefId="0"><MS><I64 N="ci">-100</I64><Obj N="mi" RefId="1"><ToString>SetShouldExit</ToString><I32>6</I32></Obj>` +
  `<Obj N="mp" RefId="2"><LST><I32>${code | 0}</I32></LST></Obj></MS></Obj>`

/** Whole lines of a stream, each with what it becomes. */
const eachLine = async (source: AsyncIterable<Buffer>, say: (line: string) => Promise<void>) => {
  let rest = ''
  for await (const chunk of source) {
    const lines = (rest + chunk.toString()).split(/\r?\n/)
    rest = lines.pop()!
    for (const line of lines) await say(line)
  }
  if (rest !== '') await say(rest)
}

export const createRunspacePool = (poolId: string, powerShell: PowerShell): RunspacePool => {
  const fragment = createFragmenter()
  const message = (type: number, pipelineId: string | undefined, xml: string) =>
    fragment(writeMessage(type, poolId, pipelineId, xml), FRAGMENT_BYTES)
  let greeting: string | undefined = [
    ...message(MessageType.sessionCapability, undefined, SESSION_CAPABILITY),
    ...message(MessageType.runspacePoolState, undefined, state('RunspaceState', 2)),
  ]
    .map((part) => `<rsp:Stream Name="stdout">${part.toString('base64')}</rsp:Stream>`)
    .join('')

  const start = (pipelineId: string, fragments: Buffer, surroundings: Surroundings): Program => {
    const defragment = createDefragmenter()
    const stdout = new PassThrough({ readableObjectMode: true, readableHighWaterMark: 64 })
    const running = Promise.withResolvers<Program>()
    const stopping = Promise.withResolvers<void>()

    const say = async (type: number, xml: string) => {
      for (const part of message(type, pipelineId, xml))
        if (!stdout.write(part)) await new Promise((resolve) => stdout.once('drain', resolve))
    }
    /** What the client sends: first the pipeline itself, then its input. */
    const hear = (data: Buffer) => {
      for (const { type, data: content } of defragment(data).map(readMessage)) {
        if (type === MessageType.createPipeline) {
          const script = shown(descendantNamed(content, 'Cmd'))
          const program = inside(surroundings, (talk) => powerShell(script, talk))
          if (descendantNamed(content, 'NoInput')?.text === 'true') program.stdin.end()
          running.resolve(program)
        } else void input(type, shown(content))
      }
    }
    const input = async (type: number, line: string) => {
      const { stdin } = await running.promise
      if (type === MessageType.pipelineInput) stdin.write(`${line}\n`)
      if (type === MessageType.endOfPipelineInput) stdin.end()
    }
    const work = async (): Promise<number> => {
      const program = await running.promise
      void stopping.promise.then(() => program.kill('terminate'))
      let isStopped = false
      void stopping.promise.then(() => (isStopped = true))
      await Promise.all([
        eachLine(program.stdout as AsyncIterable<Buffer>, (line) => say(MessageType.pipelineOutput, stringXml(line))),
        eachLine(program.stderr as AsyncIterable<Buffer>, (line) => say(MessageType.errorRecord, errorXml(line))),
      ])
      const code = await program.exited
      if (code !== 0 && !isStopped) await say(MessageType.pipelineHostCall, shouldExit(code))
      await say(MessageType.pipelineState, state('PipelineState', isStopped ? 3 : 4))
      stdout.end()
      return 0
    }
    hear(fragments)
    return {
      stdin: new Writable({
        write: (data: Buffer, _encoding, done) => {
          hear(data)
          done()
        },
      }),
      stdout,
      stderr: PassThrough.from([]),
      exited: work(),
      kill: () => stopping.resolve(),
    }
  }

  return {
    receive() {
      if (greeting === undefined) return undefined
      const said = `<rsp:ReceiveResponse>${greeting}</rsp:ReceiveResponse>`
      greeting = undefined
      return said
    },
    start,
  }
}
