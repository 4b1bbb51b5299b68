import type { Me } from '@opsconductor/contract'
import { session } from './index.ts'
import { queryClient } from './queries.ts'

type Redrawn = { invalidate: () => Promise<void> }

/** Keeps what is on the screen in step with the session: who logs out, or in as somebody else, sees no old data. */
export const followSession = (router: Redrawn) => {
  let last: Me['uuid'] | undefined
  session.subscribe(() => {
    const state = session.read()
    const uuid = state.status === 'in' ? state.me.uuid : undefined
    if (uuid === last) return
    const hasLeft = last !== undefined
    last = uuid
    if (!hasLeft) return
    queryClient.clear()
    // the guards of the routes run again, and lead to the log-in where nobody is logged in any more
    void router.invalidate()
  })
}
