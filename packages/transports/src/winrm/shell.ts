import { TransportError } from '../fault.ts'
import type { Guard, Guarded, GuardedShell, StopRequest } from '../posix/posix-shell.ts'
import type { ShellCommand, ShellExit, Stopped } from '../shell.ts'
import type { WinrmEndpoint } from './endpoint.ts'
import { createWindowsFiles } from './files.ts'
import { checkId, takeGuard } from './guard.ts'
import {
  lookScript,
  markedLine,
  noteHost,
  noteProcess,
  readLeft,
  stopScript,
  stopUnderHostScript,
} from './processes.ts'
import { askWindows, neverBegun, runOnWindows, type WindowsCommand } from './run.ts'
import type { Station } from './station.ts'
import { unconfirmed } from './stop-first.ts'
import { sweep, type Habits } from './sweep.ts'

const ASK_WITHIN_MS = 60_000
// a PowerShell takes seconds to begin, on a busy machine many
const ASK_POWERSHELL_WITHIN_MS = 120_000

const noRecord =
  'It was begun, and Windows keeps no record of a command whose connection was lost. Look on the machine whether it ran, or still runs.'

/** Lines of cmd with a process id in them; the simulator of Windows knows them by heart. */
export const killLine = (pid: number, isForced: boolean): string => `taskkill /t${isForced ? ' /f' : ''} /pid ${pid}`
export const aliveLine = (pid: number): string => `tasklist /nh /fo csv /fi "PID eq ${pid}"`

/** The Shell of a Windows machine. */
export const createWindowsShell = (
  station: Station,
  endpoint: WinrmEndpoint,
  { giveBack, habits }: { giveBack: () => void; habits: Habits },
): GuardedShell => {
  let isGivenBack = false
  const isStaying = station.remote !== undefined
  const askPowerShell = (script: string, signal?: AbortSignal) =>
    askWindows(station, endpoint, { script }, ASK_POWERSHELL_WITHIN_MS, signal)
  const ask = (script: string) => askWindows(station, endpoint, { script, interpreter: 'cmd' }, ASK_WITHIN_MS)

  /** Ends what a command has left behind, and looks. Never rejects. */
  const stopLeft = async ({ id, because }: StopRequest, signal?: AbortSignal): Promise<Stopped> => {
    const script = isStaying ? stopUnderHostScript : stopScript
    try {
      const pids = readLeft(await askPowerShell(script(checkId({ id })), signal))
      if (pids === undefined) return unconfirmed(because)
      return { kind: 'stopped', because, outcome: pids.length === 0 ? 'stopped' : 'still_running', pids }
    } catch (error) {
      if (error instanceof TransportError) return unconfirmed(because)
      throw error
    }
  }

  /** What is not seen to have ended, though no process is left: a script that stays with its PowerShell. */
  const unlessStopped = (looked: Stopped): Stopped =>
    looked.outcome === 'stopped' ? unconfirmed(looked.because) : looked

  /** Windows confirms the end of the first process only, and what that has started may go on: so it is found and ended. */
  const guarded = (command: ShellCommand, id: string): WindowsCommand => {
    if (isStaying)
      return {
        ...command,
        before: noteHost(id),
        afterStop: async ({ because, outcome }) => {
          const looked = await stopLeft({ id, because })
          return outcome === 'stopped' ? looked : unlessStopped(looked)
        },
      }
    if (command.interpreter === 'cmd')
      return {
        ...command,
        script: markedLine(id, command.script),
        stopFirst: (because, signal) => stopLeft({ id, because }, signal),
      }
    return { ...command, before: noteProcess(id), afterStop: ({ because }) => stopLeft({ id, because }) }
  }

  async function run(command: ShellCommand & { guard: Guard }): Promise<ShellExit | Guarded>
  async function run(command: ShellCommand & { guard?: never }): Promise<ShellExit>
  async function run({
    guard,
    ...command
  }: ShellCommand & { guard?: Guard | undefined }): Promise<ShellExit | Guarded> {
    if (guard === undefined) return runOnWindows(station, endpoint, command)
    try {
      if (!(await takeGuard(station, endpoint, guard, command.signal))) return { kind: 'guarded' }
    } catch (error) {
      if (error instanceof TransportError && command.signal.aborted) return neverBegun // whoever has the guard now
      throw error
    }
    const exit = await runOnWindows(station, endpoint, guarded(command, checkId(guard)))
    sweep(station, endpoint, habits)
    return exit
  }

  return {
    run,
    files: createWindowsFiles(station, endpoint),
    async burn(guard) {
      if (await takeGuard(station, endpoint, guard)) return { kind: 'burnt' }
      const gone = { kind: 'gone', isDetached: false, reason: noRecord, processGroup: undefined } as const
      if (station.remote !== undefined) return gone
      const [first] = readLeft(await askPowerShell(lookScript(checkId(guard)))) ?? []
      return first === undefined ? gone : { kind: 'running', isDetached: false, processGroup: first }
    },
    detach: async () => ({
      kind: 'unsupported',
      reason: 'On Windows a command does not outlive its connection for longer than a lost one is sought again.',
    }),
    follow: async () => {
      throw new TransportError('protocol', 'command', 'Nothing runs detached on this machine.')
    },
    stop: async (request) => {
      const looked = await stopLeft(request)
      return isStaying ? unlessStopped(looked) : looked
    },
    remove: async () => true,
    async signal(processGroup, signal) {
      await ask(killLine(processGroup, signal === 'KILL'))
    },
    async alive(processGroup) {
      // without such a process it says so, in the machine's language and in no quotes
      return new RegExp(`^"[^"]*","${processGroup}"`, 'm').test(await ask(aliveLine(processGroup)))
        ? [processGroup]
        : []
    },
    [Symbol.asyncDispose]: async () => {
      if (isGivenBack) return
      isGivenBack = true
      giveBack()
    },
  }
}
