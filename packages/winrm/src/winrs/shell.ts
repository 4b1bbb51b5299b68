import { commandLineOf, type CommandLine } from '../cmd/command-line.ts'
import { RemoteFault, ShellLostError, WinrmError } from '../errors.ts'
import { Action } from '../wsman/namespaces.ts'
import { readCommandId, readShellId } from './answers.ts'
import { followCommand, type Command, type CommandLimits } from './command.ts'
import { winrsDialect } from './dialect.ts'
import { CMD_SHELL_URI, commandBody, createBody, shellOptions, type ShellSettings } from './requests.ts'
import { shellPort, type Ask, type Station } from './shell-port.ts'
import { feed, fitsOneSend, inputBytes, sendPiece, type Input } from './stdin.ts'

export type RunOptions = CommandLine &
  CommandLimits & {
    /** What it reads; its standard input is closed after it. */
    readonly stdin?: Input | undefined
    /** Instead of `stdin`: `write` and `end` will be used. Without either it has a console from which nothing comes. */
    readonly acceptsInput?: boolean | undefined
  }

/** A shell on the server: a place in which one command after the other runs. */
export type Shell = {
  readonly id: string
  /** Commands run in it so far: Windows counts them against a quota that only a new shell resets. */
  readonly commandCount: number
  /** False once it is closed or lost. */
  readonly isUsable: boolean
  /** Whether a command runs in it. */
  readonly isBusy: boolean
  /**
   * Starts a command and resolves when Windows has accepted it.
   * @throws CommandTooLongError before anything was sent; WinrmError when another command still runs; AuthError,
   * ConnectionError, QuotaError, ShellLostError, RemoteFault, TimeoutError, CancelledError, ProtocolError
   */
  run(command: string, options?: RunOptions): Promise<Command>
  /** Ends whatever runs in it. Never throws: Windows ends it by itself when it has been idle long enough. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** How long Windows may take to delete a shell. */
const DELETE_MS = 5_000

/** Creates a shell on a lane of its own. @throws as `run`, but for the command line */
export const openShell = async (station: Station, settings: ShellSettings, signal?: AbortSignal): Promise<Shell> => {
  const { endpoint, lanes } = station
  const lane = lanes.take()
  let id: string
  try {
    const answer = await endpoint.ask(lane, {
      action: Action.create,
      resourceUri: CMD_SHELL_URI,
      options: shellOptions(settings),
      body: createBody(settings),
      signal,
    })
    id = readShellId(answer)
  } catch (error) {
    lanes.give(lane)
    throw error
  }

  let state: 'open' | 'lost' | 'closed' = 'open'
  let isBusy = false
  let commandCount = 0
  let deletion: Promise<boolean> | undefined

  const remove = async (ask: Ask): Promise<boolean> => {
    try {
      await ask({ action: Action.delete, body: '', isRepeatable: true, operationTimeoutMs: DELETE_MS })
      return true
    } catch (error) {
      return error instanceof ShellLostError
    } finally {
      lanes.give(lane)
    }
  }
  const abandon = () => {
    state = 'lost'
    deletion ??= remove(port.askBeside)
    return deletion
  }
  const port = shellPort(station, lane, { id, resourceUri: CMD_SHELL_URI }, abandon)

  const start = async (commandLine: string, options: RunOptions): Promise<string> => {
    const isFed = options.stdin !== undefined || options.acceptsInput === true
    try {
      const answer = await port.ask({
        action: Action.command,
        body: commandBody(commandLine),
        options: {
          // a console would echo, and turn what we send into key strokes
          WINRS_CONSOLEMODE_STDIN: isFed ? 'FALSE' : 'TRUE',
          WINRS_SKIP_CMD_SHELL: options.skipCmdShell === true ? 'TRUE' : 'FALSE',
        },
        signal: options.signal,
      })
      return readCommandId(answer)
    } catch (error) {
      // it may have begun without our knowing its number: only the end of the shell is sure to end it
      if (!(error instanceof RemoteFault)) void abandon()
      if (error instanceof ShellLostError) state = 'lost'
      throw error
    }
  }

  const run = async (command: string, options: RunOptions = {}): Promise<Command> => {
    const { stdin } = options
    const commandLine = commandLineOf(command, options)
    if (state !== 'open') throw new ShellLostError('The shell is closed.')
    if (isBusy) throw new WinrmError('Another command still runs in this shell: open a second one.')

    isBusy = true
    let commandId: string
    try {
      commandCount++
      commandId = await start(commandLine, options)
      if (stdin !== undefined && fitsOneSend(stdin, endpoint.maxEnvelopeBytes))
        await sendPiece(port.ask, commandId, inputBytes(stdin), true, options.signal).catch((error: unknown) => {
          // a command may end without reading its input
          if (!(error instanceof RemoteFault)) throw error
        })
    } catch (error) {
      isBusy = false
      if (!(error instanceof RemoteFault)) void abandon()
      throw error
    }
    const running = followCommand(port, commandId, winrsDialect(commandId), options, (isShellUsable) => {
      isBusy = false
      if (!isShellUsable) void abandon()
    })
    // an input that fails ends the command: half an input may be worse than none
    if (stdin !== undefined && !fitsOneSend(stdin, endpoint.maxEnvelopeBytes))
      feed(running, stdin).catch(() => running.signal('terminate').catch(() => abandon()))
    return running
  }

  const close = async () => {
    if (state === 'open') {
      state = 'closed'
      // while a Receive waits on the lane, Delete has to go beside it
      deletion ??= remove(isBusy ? port.askBeside : port.ask)
    }
    await deletion
  }

  return {
    id,
    get commandCount() {
      return commandCount
    },
    get isUsable() {
      return state === 'open'
    },
    get isBusy() {
      return isBusy
    },
    run,
    close,
    [Symbol.asyncDispose]: close,
  }
}
