import type { ShellCommand, ShellExit } from '../shell.ts'
import { createAsk } from './ask.ts'
import { burnGuard } from './burn.ts'
import { detachOnShell } from './detach.ts'
import { createGroupControl } from './group.ts'
import { followUntilStopped } from './follow-until-stopped.ts'
import { checkPlace } from './place.ts'
import type { Guard, Guarded, PosixShell } from './posix-shell.ts'
import { removeOutput } from './remove.ts'
import { runOnShell, type Ground, type StartHabits } from './run.ts'
import type { StartProgram } from './program.ts'
import { stopDetached } from './stop-detached.ts'
import { createSweeper } from './sweep.ts'

export type PosixGround = {
  start: StartProgram
  /** Starts the short questions that stop and look; must not wait behind running commands. */
  startUrgent: StartProgram
  habits: StartHabits
  lingerMs: number
  /**
   * The private folder on the target, absolute or beginning with `~/`; unless told `~/.opsconductor`, else one in /var/tmp
   * or /tmp.
   */
  directory?: string | undefined
  giveBack: () => void
}

/** The Shell of every wire that can start a command line on a machine with a POSIX sh. */
export const createPosixShell = (options: PosixGround): PosixShell => {
  const { start, startUrgent, habits, lingerMs, directory, giveBack } = options
  const place = checkPlace(directory)
  const ask = createAsk({ start: startUrgent, habits, lingerMs, place })
  const control = createGroupControl(ask)
  const ground: Ground = { start, habits, control, lingerMs, place }
  const sweep = createSweeper(habits, place, createAsk({ start, habits, lingerMs, place }))
  let isGivenBack = false

  async function run(command: ShellCommand & { guard: Guard }): Promise<ShellExit | Guarded>
  async function run(command: ShellCommand & { guard?: never }): Promise<ShellExit>
  async function run(command: ShellCommand & { guard?: Guard }): Promise<ShellExit | Guarded> {
    const exit = await runOnShell(ground, command)
    if (command.guard !== undefined) sweep()
    return exit
  }

  return {
    run,
    signal: control.signal,
    alive: control.alive,
    burn: (guard) => burnGuard(ask, place, guard),
    async detach(command) {
      const detached = await detachOnShell(ground, command)
      if (detached.kind === 'started') sweep()
      return detached
    },
    stop: (request) => stopDetached(ask, place, request),
    follow: (request) => followUntilStopped(ground, (stop) => stopDetached(ask, place, stop), request),
    remove: (guard) => removeOutput(ask, place, guard),
    [Symbol.asyncDispose]: async () => {
      if (isGivenBack) return
      isGivenBack = true
      giveBack()
    },
  }
}
