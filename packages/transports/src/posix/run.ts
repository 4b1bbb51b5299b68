import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TransportError } from '../fault.ts'
import type { ShellCommand, ShellExit, Stopped } from '../shell.ts'
import { sleep } from '../wait.ts'
import { checkScript, commandLines, payload, type Launcher } from './bootstrap.ts'
import type { GroupControl } from './group.ts'
import { feedInput } from './input.ts'
import { readOutput, type Output } from './output.ts'
import type { Program, ProgramEnd, StartProgram } from './program.ts'
import { fullFault, guardText, noPlaceFault } from './guard.ts'
import type { Place } from './place.ts'
import type { Guard, Guarded } from './posix-shell.ts'
import { stopGroup } from './stop.ts'

/** What is known of a target's way of starting commands; learnt once and kept with its connections. */
export type StartHabits = {
  launcher: Launcher
  /** The first of the places for guards was found there and safe. */
  isPlaceKnown?: boolean
  /** When old guards were last looked for; milliseconds since 1970. */
  sweptAt?: number
}

export type Ground = {
  start: StartProgram
  habits: StartHabits
  /** Absent for the commands that do the controlling: they are let go instead of stopped. */
  control?: GroupControl | undefined
  /** How long output may stay silent after the exit before it is no longer waited for. */
  lingerMs: number
  /** Where guards are kept. */
  place: Place
}

const KILL_GRACE_MS = 5_000

export type GuardedCommand = ShellCommand & {
  guard?: Guard | undefined
  /** Goes to the standard input right after the script, in the same packet. The script takes a guard by itself. */
  appended?: string | undefined
}

/** Runs one command on a POSIX shell reached by `ground.start`; the promises are those of `Shell.run`. */
export const runOnShell = async (ground: Ground, command: GuardedCommand): Promise<ShellExit | Guarded> => {
  checkScript(command.script, command.interpreter)
  for (;;) {
    const { launcher } = ground.habits
    if (command.signal.aborted) return neverStarted
    let program: Program
    try {
      const isTraceable = command.guard !== undefined || command.appended !== undefined
      program = await ground.start(commandLines[launcher], command.signal, isTraceable)
    } catch (error) {
      if (command.signal.aborted && error instanceof TransportError && error.fault === 'cancelled') return neverStarted
      throw error
    }
    const exit = await attempt(ground, command, program, launcher)
    if (exit !== 'again') return exit
  }
}

const neverStarted: ShellExit = { kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] }

const attempt = async (
  ground: Ground,
  command: GuardedCommand,
  program: Program,
  launcher: Launcher,
): Promise<ShellExit | Guarded | 'again'> => {
  const nonce = randomBytes(16).toString('hex')
  const announced = Promise.withResolvers<void>()
  const output = readOutput(program, nonce, command.onOutput.bind(command), (announcement) => {
    if (announcement.kind === 'run' && announcement.processGroup > 1) command.onStarted?.(announcement.processGroup)
    announced.resolve()
  })
  using stop = stopRequest(command)
  const { script, interpreter, input, guard, appended } = command
  const hasInput = input !== undefined || appended !== undefined
  const before = guard && guardText(guard, ground.place, ground.habits.isPlaceKnown === true, nonce, launcher)
  const sent = program.write(payload({ script, interpreter, launcher, nonce, hasInput, before }) + (appended ?? ''))
  using feeding = feedInput(program, input, sent, announced.promise, () => output.announcement()?.kind === 'run')
  try {
    const first = await Promise.race([
      untilEnd(program, output, ground.lingerMs),
      stop.asked,
      output.failed,
      feeding.failed,
    ])
    if (typeof first === 'string') return await stopAttempt(ground, command, program, output, announced.promise, first)
    if ('error' in first) {
      // a command nobody listens to must not go on
      await stopAttempt(ground, command, program, output, announced.promise, 'cancelled')
      throw first.error
    }
    const announcement = output.announcement()
    switch (announcement?.kind) {
      case 'wrap':
        ground.habits.launcher = launcherNamed(announcement.launcher)
        return 'again'
      case 'moved':
        ground.habits.isPlaceKnown = false
        return 'again'
      case 'guarded':
        return { kind: 'guarded' }
      case 'homeless':
        throw noPlaceFault(ground.place)
      case 'full':
        throw fullFault()
      case 'run':
        if (announcement.isPlaceKnown) ground.habits.isPlaceKnown = true
        return exitOf(first, output)
      case undefined:
        return exitOf(first, output)
    }
  } finally {
    program.close()
  }
}

const launcherNamed = (name: string): Launcher => (name === 'setsid' || name === 'perl' ? name : 'alone')

type End = ProgramEnd & { isHeldOpen?: boolean }

/** The end, with all output handed on; does not wait for what a left-behind process may still write. */
const untilEnd = async (program: Program, output: Output, lingerMs: number): Promise<End> => {
  const closed = program.closed.then((end): End => end)
  let end: End = await Promise.race([program.exited, closed])
  for (;;) {
    const last = await Promise.race([closed, sleep(lingerMs).then(whatCame)])
    if (last !== undefined) end = last
    else if (output.silentMs() < lingerMs) continue
    else end = { ...end, isHeldOpen: true }
    await output.drained()
    return end
  }
}

/** A process that stood still, or had much to do, has not read yet what came meanwhile; its timers come first. */
const whatCame = async (): Promise<undefined> => {
  for (let turn = 0; turn < 3; turn++) await nextTurn()
}

const exitOf = (end: End, output: Output): ShellExit => {
  const announcement = output.announcement()
  if (end.notStarted !== undefined) throw end.notStarted
  if (!output.isSeenStarted() && end.lost === undefined) {
    const said = output.chatter()
    throw new TransportError(
      'protocol',
      'command',
      `The log-in shell of the target did not start the command.${said ? ` It said: ${said}` : ''} ` +
        'Check that this account may run commands (its shell, and any ForceCommand).',
      { started: false, said },
    )
  }
  if (end.exitCode !== undefined)
    return {
      kind: 'exited',
      exitCode: end.exitCode,
      ...(end.isHeldOpen ? { isOutputHeldOpen: true } : {}),
      ...(end.isOutputCut ? { isOutputCut: true } : {}),
    }
  if (end.signal !== undefined)
    return { kind: 'signalled', signal: end.signal, ...(end.isCoreDumped ? { isCoreDumped: true } : {}) }
  return {
    kind: 'unknown',
    reason: end.lost ?? 'The target reported no exit status.',
    ...(announcement?.kind === 'run' && announcement.processGroup > 1
      ? { processGroup: announcement.processGroup }
      : {}),
  }
}

const stopAttempt = async (
  ground: Ground,
  command: ShellCommand,
  program: Program,
  output: Output,
  announced: Promise<void>,
  because: Stopped['because'],
): Promise<Stopped> => {
  const graceMs = command.killGraceMs ?? KILL_GRACE_MS
  const unconfirmed: Stopped = { kind: 'stopped', because, outcome: 'unconfirmed', pids: [] }
  if (ground.control === undefined) return unconfirmed
  // just sent: it says in a moment which group it is, and until then there is nothing to signal
  await Promise.race([announced, program.closed, sleep(graceMs)])
  const announcement = output.announcement()
  if (announcement?.kind !== 'run' || announcement.processGroup <= 1) {
    const end = await Promise.race([program.closed, sleep(0)])
    const isOver =
      (announcement !== undefined && announcement.kind !== 'run') || (end !== undefined && end.lost === undefined)
    return isOver ? { ...unconfirmed, outcome: 'stopped' } : unconfirmed
  }
  return stopGroup(ground.control, announcement.processGroup, because, graceMs, program.closed)
}

const stopRequest = (command: ShellCommand): Disposable & { asked: Promise<Stopped['because']> } => {
  const { promise: asked, resolve } = Promise.withResolvers<Stopped['because']>()
  const onAbort = (): void => resolve('cancelled')
  if (command.signal.aborted) onAbort()
  command.signal.addEventListener('abort', onAbort, { once: true })
  const timer = command.timeoutMs === undefined ? undefined : setTimeout(() => resolve('timeout'), command.timeoutMs)
  return {
    asked,
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      command.signal.removeEventListener('abort', onAbort)
    },
  }
}
