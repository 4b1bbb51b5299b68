import { randomUUID } from 'node:crypto'
import { within } from '../connection/waiting.ts'
import { ProtocolError, RemoteFault, ShellLostError, wasNotSent, WinrmError } from '../errors.ts'
import type { PowerShellCommand, PowerShellPiece } from '../powershell/run.ts'
import { followCommand, type CommandLimits } from '../winrs/command.ts'
import { receive } from '../winrs/receiving.ts'
import { DEFAULT_IDLE_TIMEOUT_MS, sendCapacity } from '../winrs/requests.ts'
import { createPlace } from '../winrs/place.ts'
import type { Station } from '../winrs/shell-port.ts'
import { feeding, sendPiece, type Input } from '../winrs/stdin.ts'
import { xmlDuration } from '../wsman/envelope.ts'
import { Action } from '../wsman/namespaces.ts'
import { xmlText } from '../wsman/xml-text.ts'
import { createDefragmenter, createFragmenter } from './fragments.ts'
import { MessageType, writeMessage } from './messages.ts'
import { createPipelineXml, INIT_RUNSPACE_POOL, memberNumber, SESSION_CAPABILITY, shown, member } from './objects.ts'
import { heardMessages, pipelineDialect } from './pipeline.ts'
import { runspaceScript } from './script.ts'

export type RunspaceSettings = {
  /** The session configuration (endpoint), one with the full language. Default `Microsoft.PowerShell`. */
  readonly configurationName?: string | undefined
  /** After so long without a request Windows ends the runspace. Default 5 minutes. */
  readonly idleTimeoutMs?: number | undefined
}

export type PipelineOptions = CommandLimits & {
  /** Lines for the script's `$input`. */
  readonly stdin?: Input | undefined
  /** Instead of `stdin`: `write` and `end` will be used. */
  readonly acceptsInput?: boolean | undefined
  /** As in `PowerShellOptions`. */
  readonly prologue?: string | undefined
  /**
   * Runs the script as it is: its `process` block gets each line as it comes, and the strings it gives are kept whole.
   * Its exit code is 0, or 1 after an uncaught error. Without a prologue. Default false.
   */
  readonly isStreaming?: boolean | undefined
}

/** A PowerShell that is already running on the server: a script costs three round trips, and no new process. */
export type Runspace = {
  readonly id: string
  readonly isUsable: boolean
  readonly commandCount: number
  /**
   * Runs a script in a scope of its own. Its output comes as the lines a console would show; its exit code is what it
   * passes to `exit`, 1 after an uncaught error, else that of the last program it called.
   * @throws as `Shell.run`
   */
  run(script: string, options?: PipelineOptions): Promise<PowerShellCommand>
  /** Never throws. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** RunspacePoolState, MS-PSRP 2.2.3.4. */
const PoolState = { opened: 2, closed: 3, broken: 5 } as const

const OPEN_MS = 60_000

const createBody = (id: string, creation: Buffer, idleTimeoutMs: number) =>
  `<rsp:Shell ShellId="${id}"><rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>` +
  `<rsp:IdleTimeOut>${xmlDuration(idleTimeoutMs)}</rsp:IdleTimeOut>` +
  `<creationXml xmlns="http://schemas.microsoft.com/powershell">${creation.toString('base64')}</creationXml></rsp:Shell>`

const commandBody = (pipelineId: string, first: Buffer) =>
  `<rsp:CommandLine CommandId="${pipelineId}"><rsp:Command/><rsp:Arguments>${first.toString('base64')}</rsp:Arguments></rsp:CommandLine>`

const POOL_RECEIVE = '<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>'

/** Opens a runspace pool of one. MS-PSRP 3.1.5.4.1 @throws as `openShell`, ProtocolError when PowerShell does not open it */
export const openRunspace = async (
  station: Station,
  settings: RunspaceSettings = {},
  signal?: AbortSignal,
): Promise<Runspace> => {
  const { endpoint, lanes } = station
  const { configurationName = 'Microsoft.PowerShell', idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = settings
  const resourceUri = `http://schemas.microsoft.com/powershell/${configurationName}`
  const id = randomUUID().toUpperCase()
  const fragment = createFragmenter()
  const lane = lanes.take()
  const place = createPlace(station, lane, { id, resourceUri })
  const { port } = place
  const capacity = () => sendCapacity(endpoint.maxEnvelopeBytes)

  const open = async (limit: AbortSignal) => {
    const creation = [
      ...fragment(writeMessage(MessageType.sessionCapability, id, undefined, SESSION_CAPABILITY), capacity()),
      ...fragment(writeMessage(MessageType.initRunspacePool, id, undefined, INIT_RUNSPACE_POOL), capacity()),
    ]
    await endpoint.ask(lane, {
      action: Action.create,
      resourceUri,
      requiredOptions: { protocolversion: '2.3' },
      body: createBody(id, Buffer.concat(creation), idleTimeoutMs),
      signal: limit,
    })
    const defragment = createDefragmenter()
    for (;;) {
      const answer = await receive(port, POOL_RECEIVE, limit)
      if (answer === undefined) continue
      for (const { type, data } of heardMessages(answer, defragment).messages) {
        if (type !== MessageType.runspacePoolState) continue
        const pool = memberNumber(data, 'RunspaceState')
        if (pool === PoolState.opened) return
        if (pool === PoolState.closed || pool === PoolState.broken)
          throw new ProtocolError(`PowerShell did not open: ${shown(member(data, 'ExceptionAsErrorRecord'))}`)
      }
    }
  }
  const giveUp = new AbortController()
  const what = 'Opening a runspace'
  try {
    await within({ phase: 'command', limitMs: OPEN_MS, what, signal }, open(giveUp.signal), () => giveUp.abort())
  } catch (error) {
    place.end(false)
    throw error
  }

  const run = async (script: string, options: PipelineOptions = {}): Promise<PowerShellCommand> => {
    place.begin()
    const { stdin, isStreaming = false } = options
    const pipelineId = randomUUID().toUpperCase()
    const hasInput = stdin !== undefined || options.acceptsInput === true
    const framed = isStreaming ? script : runspaceScript(script, hasInput, options.prologue)
    const xml = createPipelineXml(framed, hasInput, !isStreaming)
    const [first, ...others] = fragment(writeMessage(MessageType.createPipeline, id, pipelineId, xml), capacity())
    let isStarted = false
    try {
      const body = commandBody(xmlText(pipelineId), first!)
      await port.ask({ action: Action.command, body, signal: options.signal })
      isStarted = true
      for (const other of others) await sendPiece(port.ask, pipelineId, other, false, options.signal)
    } catch (error) {
      const isUnsent = !isStarted && wasNotSent(error)
      const isRefused = error instanceof RemoteFault && !(error instanceof ShellLostError) && others.length === 0
      place.end(isUnsent || isRefused)
      if (error instanceof WinrmError) error.mayHaveBegun = !isUnsent && !(error instanceof RemoteFault)
      throw error
    }
    const dialect = pipelineDialect({ poolId: id, pipelineId }, fragment)
    return feeding(stdin, options, (limits) =>
      followCommand<PowerShellPiece>(port, pipelineId, dialect, limits, (isUsable) => place.end(isUsable)),
    )
  }

  return {
    id,
    get isUsable() {
      return place.isUsable
    },
    get commandCount() {
      return place.commandCount
    },
    run,
    close: () => place.close(),
    [Symbol.asyncDispose]: () => place.close(),
  }
}
