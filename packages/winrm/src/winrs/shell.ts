import { commandLineOf, type CommandLine } from '../cmd/command-line.ts'
import { RemoteFault, ShellLostError, wasNotSent, WinrmError } from '../errors.ts'
import { Action } from '../wsman/namespaces.ts'
import { readCommandId, readShellId } from './answers.ts'
import { followCommand, type Command, type CommandLimits } from './command.ts'
import { winrsDialect } from './dialect.ts'
import { createPlace } from './place.ts'
import { CMD_SHELL_URI, commandBody, createBody, shellOptions, type ShellSettings } from './requests.ts'
import type { Station } from './shell-port.ts'
import { feeding, fitsOneSend, inputBytes, sendPiece, type Input } from './stdin.ts'

export type RunOptions = CommandLine &
  CommandLimits & {
    /** What it reads; its standard input is closed after it. An input that fails ends the command: a CancelledError. */
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
  const place = createPlace(station, lane, { id, resourceUri: CMD_SHELL_URI })
  const { port } = place

  const start = async (commandLine: string, isFed: boolean, options: RunOptions): Promise<string> => {
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
  }

  const run = async (command: string, options: RunOptions = {}): Promise<Command> => {
    const { stdin } = options
    const commandLine = commandLineOf(command, options)
    place.begin()
    // a small input goes ahead of the first Receive, on the same lane; more of it beside, as the command reads it
    const ahead = stdin !== undefined && fitsOneSend(stdin, endpoint.maxEnvelopeBytes) ? stdin : undefined
    let commandId: string
    let isStarted = false
    try {
      commandId = await start(commandLine, stdin !== undefined || options.acceptsInput === true, options)
      isStarted = true
      if (ahead !== undefined)
        await sendPiece(port.ask, commandId, inputBytes(ahead), true, options.signal).catch((error: unknown) => {
          // a command may end without reading its input
          if (!(error instanceof RemoteFault)) throw error
        })
    } catch (error) {
      const isUnsent = !isStarted && wasNotSent(error)
      const isNotBegun = isUnsent || (error instanceof RemoteFault && !(error instanceof ShellLostError))
      // without its number only the end of the shell is sure to end it
      place.end(isNotBegun)
      if (error instanceof WinrmError) error.mayHaveBegun = !isUnsent && !(error instanceof RemoteFault)
      throw error
    }
    const rest = ahead === undefined ? stdin : undefined
    return feeding(rest, options, (limits) =>
      followCommand(port, commandId, winrsDialect(commandId), limits, (isUsable) => place.end(isUsable)),
    )
  }

  return {
    id,
    get commandCount() {
      return place.commandCount
    },
    get isUsable() {
      return place.isUsable
    },
    get isBusy() {
      return place.isBusy
    },
    run,
    close: () => place.close(),
    [Symbol.asyncDispose]: () => place.close(),
  }
}
