import type { Shell } from '../shell.ts'
import { createAsk } from './ask.ts'
import { createGroupControl } from './group.ts'
import { runOnShell, type StartHabits } from './run.ts'
import type { StartProgram } from './program.ts'

export type PosixGround = {
  start: StartProgram
  /** Starts the short questions that stop and look; must not wait behind running commands. */
  startUrgent: StartProgram
  habits: StartHabits
  lingerMs: number
  giveBack: () => void
}

/** The Shell of every wire that can start a command line on a machine with a POSIX sh. */
export const createPosixShell = ({ start, startUrgent, habits, lingerMs, giveBack }: PosixGround): Shell => {
  const control = createGroupControl(createAsk({ start: startUrgent, habits, lingerMs }))
  let isGivenBack = false
  return {
    run: (command) => runOnShell({ start, habits, control, lingerMs }, command),
    signal: control.signal,
    alive: control.alive,
    [Symbol.asyncDispose]: async () => {
      if (isGivenBack) return
      isGivenBack = true
      giveBack()
    },
  }
}
