import { session } from './index.ts'
import { queryClient } from './queries.ts'
import type { SessionState } from './session.ts'

type Redrawn = { invalidate: () => Promise<void> }

const whoOf = (state: SessionState) => (state.status === 'in' ? state.me.uuid : undefined)

/**
 * Keeps what is on the screen in step with the session: who logs out, or in as somebody else, sees no old data, and a
 * log-in in one tab leads the others on from the page where they would ask for it.
 */
export const followSession = (router: Redrawn) => {
  let last = session.read()
  session.subscribe(() => {
    const before = last
    last = session.read()
    // at the start the guards of the routes wait for the session anyway
    if (before.status === 'starting' || whoOf(before) === whoOf(last)) return
    if (before.status === 'in') queryClient.clear()
    // the guards run again: to the log-in where nobody is logged in any more, and on from it where somebody is
    void router.invalidate()
  })
}
