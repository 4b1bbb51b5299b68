import type { Stopped } from '../shell.ts'
import { sleep } from '../wait.ts'
import type { GroupControl } from './group.ts'

const LOOK_AFTER_KILL_MS = 1_000
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500

/**
 * TERM, as long as `graceMs` for it to work, KILL, and then a look: what is reported was seen on the target.
 * `ended` (the command's own end) only makes the looking quicker. Never rejects.
 */
export const stopGroup = async (
  control: GroupControl,
  processGroup: number,
  because: Stopped['because'],
  graceMs: number,
  ended: Promise<unknown>,
): Promise<Stopped> => {
  let hasEnded = false
  const noteEnd = async (): Promise<void> => {
    await ended
    hasEnded = true
  }
  const end = noteEnd()

  const lookUntilGone = async (limitMs: number): Promise<number[]> => {
    const until = performance.now() + limitMs
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const pids = await control.alive(processGroup)
      const leftMs = until - performance.now()
      if (pids.length === 0 || leftMs <= 0) return pids
      const pause = sleep(Math.min(pauseMs, leftMs))
      await (hasEnded ? pause : Promise.race([pause, end]))
    }
  }

  try {
    await control.signal(processGroup, 'TERM')
    let pids = await lookUntilGone(graceMs)
    // twice, because a program may be born between the look and the signal
    for (let round = 0; pids.length > 0 && round < 2; round++) {
      await control.signal(processGroup, 'KILL')
      pids = await lookUntilGone(LOOK_AFTER_KILL_MS)
    }
    return { kind: 'stopped', because, outcome: pids.length > 0 ? 'still_running' : 'stopped', pids }
  } catch {
    return { kind: 'stopped', because, outcome: 'unconfirmed', pids: [] }
  }
}
