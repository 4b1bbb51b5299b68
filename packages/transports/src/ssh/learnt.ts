import type { StartHabits } from '../posix/run.ts'
import type { OpeningTime } from './spare-session.ts'

/** What was found out about a target and an account there; it outlives connections. */
export type Learnt = {
  habits: StartHabits
  times: OpeningTime
  /** Channels the server allows on one connection, where it showed a limit. */
  channelLimit?: number
}

const MOST_TARGETS = 10_000
// what was learnt may have been put right on the target
const KEPT_MS = 3_600_000

/** Remembers what was learnt, by name; the longest unused is forgotten first. */
export const createLearning = (): { of(name: string): Learnt } => {
  const known = new Map<string, { learnt: Learnt; forgetAt: number }>()
  return {
    of(name) {
      const now = performance.now()
      const found = known.get(name)
      const entry =
        found !== undefined && now < found.forgetAt
          ? found
          : { learnt: { habits: { launcher: 'plain' }, times: {} } satisfies Learnt, forgetAt: now + KEPT_MS }
      known.delete(name)
      known.set(name, entry)
      const oldest = known.keys().next()
      if (known.size > MOST_TARGETS && !oldest.done) known.delete(oldest.value)
      return entry.learnt
    },
  }
}
