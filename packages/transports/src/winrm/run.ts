import {
  CancelledError,
  powershell,
  quoteForPowerShell,
  TimeoutError,
  WinrmError,
  type Command,
  type PowerShellStream,
} from '@opsconductor/winrm'
import { cancelled, TransportError } from '../fault.ts'
import type { OutputStream, ShellCommand, ShellExit, Stopped } from '../shell.ts'
import type { WinrmEndpoint } from './endpoint.ts'
import { whyUnasked, type Station } from './station.ts'
import { createStopper, type StopFirst } from './stop-first.ts'

type Piece = { readonly stream: PowerShellStream; readonly data: Buffer }

/** Where PowerShell's streams go, and what a console writes before a line of them. */
const heardAs: Record<PowerShellStream, { stream: OutputStream; mark?: string }> = {
  stdout: { stream: 'stdout' },
  information: { stream: 'stdout' },
  stderr: { stream: 'stderr' },
  warning: { stream: 'stderr', mark: 'WARNING: ' },
  verbose: { stream: 'stdout', mark: 'VERBOSE: ' },
  debug: { stream: 'stdout', mark: 'DEBUG: ' },
}

/** PowerShell 5.1 and 7 alike: each variable gets exactly its text. */
export const assignments = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `$${name}=${quoteForPowerShell(value)}`)
    .join('\n')

const refuse = (message: string): never => {
  throw new TransportError('protocol', 'command', message, { started: false })
}

export type WindowsCommand = Omit<ShellCommand, 'timeoutMs'> & {
  timeoutMs?: number | undefined
  /** PowerShell that runs ahead of the script. */
  before?: string
  /** What a command that ran and was stopped has left. Unless told it is what Windows confirms: that its own process ended. */
  afterStop?: (exit: Stopped) => Stopped | Promise<Stopped>
  /** Instead: how a cancel and a time-out end it, before Windows is told to. */
  stopFirst?: StopFirst
}

const begin = async (
  { client, remote }: Station,
  { script, variables, interpreter = 'powershell', input, timeoutMs, before }: WindowsCommand,
  signal: AbortSignal,
): Promise<Command<Piece>> => {
  if (script.includes('\0') || !script.isWellFormed())
    return refuse('The script holds a NUL character or half of a character.')
  const limits = { timeoutMs, signal, stdin: input }
  const prologue = [before, assignments(variables ?? {})].filter(Boolean).join('\n')
  switch (interpreter) {
    case 'powershell':
      if (remote !== undefined) return remote.run(script, { ...limits, prologue })
      // through its standard input: on a command line others on the machine could read it; and then there is nothing to wait for
      return powershell(client, script, { ...limits, prologue, isSecret: true })
    case 'cmd':
      if (remote !== undefined)
        return refuse('cmd cannot be run over the transport psrp. Set the method to winrs, or use PowerShell.')
      if (/[\r\n]/.test(script)) return refuse('A command of cmd is one line. Join commands with &.')
      return client.run(script, { ...limits, stdin: input ?? '' })
    default:
      return refuse(`${interpreter} is no shell of Windows: there are powershell and cmd.`)
  }
}

/** Cancelled before it was begun. */
export const neverBegun: Stopped = { kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] }

const stoppedBy = (error: CancelledError | TimeoutError): Stopped => ({
  kind: 'stopped',
  because: error instanceof TimeoutError ? 'timeout' : 'cancelled',
  outcome: error.isStopped === true ? 'stopped' : 'unconfirmed',
  pids: [],
})

/** Hands the output on as it comes; no faster than it is taken. */
const handOn = async (output: AsyncIterable<Piece>, onOutput: ShellCommand['onOutput']): Promise<void> => {
  for await (const { stream, data } of output) {
    const { stream: heard, mark } = heardAs[stream]
    await onOutput(heard, mark === undefined ? data : Buffer.concat([Buffer.from(mark), data]))
  }
}

/**
 * Runs one command to its end. @throws TransportError only when it certainly never started; what `input` or `onOutput`
 * throws, after the command was stopped
 */
export const runOnWindows = async (
  station: Station,
  endpoint: WinrmEndpoint,
  command: WindowsCommand,
): Promise<ShellExit> => {
  if (command.signal.aborted) return neverBegun
  const failing = new AbortController()
  const { stopFirst, timeoutMs } = command
  using stopper = stopFirst === undefined ? undefined : createStopper(command, stopFirst, station.client.station.stopMs)
  const signal = AbortSignal.any([stopper?.signal ?? command.signal, failing.signal])
  let running: Command<Piece>
  try {
    running = await begin(station, { ...command, timeoutMs: stopper === undefined ? timeoutMs : undefined }, signal)
    stopper?.watch(running.exit)
  } catch (error) {
    if (!(error instanceof WinrmError)) throw error
    if (error instanceof CancelledError && !error.mayHaveBegun) return neverBegun
    if (!error.mayHaveBegun) throw await whyUnasked(error, endpoint)
    return { kind: 'unknown', reason: `It may have begun: ${error.message}` }
  }

  let failure: { error: unknown } | undefined
  const handing = handOn(running.output, (stream, bytes) => command.onOutput(stream, bytes)).catch((error: unknown) => {
    if (error instanceof WinrmError) return // it is what the command ends with, too
    failure = { error }
    failing.abort(error)
  })
  try {
    const { exitCode } = await running.exit
    await handing
    if (failure !== undefined) throw failure.error
    return (await stopper?.stopped()) ?? { kind: 'exited', exitCode }
  } catch (error) {
    await handing
    if (failure !== undefined) throw failure.error
    const stopped = await stopper?.stopped()
    if (stopped !== undefined) return stopped
    // the input failed, which has ended the command
    if (error instanceof CancelledError && !command.signal.aborted && error.cause instanceof Error) throw error.cause
    if (error instanceof CancelledError || (error instanceof TimeoutError && error.phase === 'command'))
      return command.afterStop?.(stoppedBy(error)) ?? stoppedBy(error)
    if (error instanceof WinrmError) return { kind: 'unknown', reason: error.message }
    throw error
  }
}

/** For questions of our own, ahead of a command or behind it: that has not begun by them. @throws TransportError */
export const askWindows = async (
  station: Station,
  endpoint: WinrmEndpoint,
  command: Pick<ShellCommand, 'script' | 'interpreter' | 'variables'>,
  withinMs: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<string> => {
  let said = ''
  const exit = await runOnWindows(station, endpoint, {
    ...command,
    signal,
    timeoutMs: withinMs,
    onOutput: (_stream, bytes) => {
      said = (said + Buffer.from(bytes).toString()).slice(0, 100_000)
    },
  })
  const details = { ...endpoint.address, started: false }
  switch (exit.kind) {
    case 'exited':
      return said
    case 'stopped':
      if (exit.because === 'cancelled') throw cancelled('command', details)
      throw new TransportError('timeout', 'command', `The machine did not answer within ${withinMs / 1000} s.`, details)
    case 'unknown':
      throw new TransportError('unreachable', 'command', exit.reason, details)
    case 'signalled':
      throw new TransportError(
        'protocol',
        'command',
        'The machine ended in an unexpected way what it was asked.',
        details,
      )
  }
}
