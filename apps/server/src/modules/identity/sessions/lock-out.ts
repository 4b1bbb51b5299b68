import type { Context } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import * as store from './lock-out.store.ts'
import { networkOf } from './network.ts'

/**
 * Guessing is stopped where it comes from, so that a stranger cannot lock the owner out; only guesses from twenty
 * networks lock a name everywhere, but for where its owner logged in before. Every name is treated alike, whether
 * anybody has it or not. See docs/decisions/0007.
 */
const rule: store.LockRule = { perNetwork: 5, inTotal: 100, minutes: 15, knownForDays: 30 }

export type Attempt = store.Attempt

export const attemptOf = (username: string, address: string): Attempt => ({
  name: username,
  network: networkOf(address),
})

/** @param userId whose name it is, if anybody's. @throws Refusal `locked_out` */
export const refuseLocked = async (ctx: Context, attempt: Attempt, userId: number | null): Promise<void> => {
  const until = await store.findLock(ctx.db, attempt, userId, rule)
  if (until !== null) throw lockedOut(until)
}

/** @returns whether this failure was the last one allowed; `wasLocked` when others had come first */
export const noteFailure = async (ctx: Context, attempt: Attempt): Promise<'counted' | 'locks' | 'wasLocked'> => {
  const failures = await store.countFailure(ctx.db, attempt, rule)
  await store.sweepFailures(ctx.db, rule)
  if (failures === null) return 'wasLocked'
  return failures >= rule.perNetwork ? 'locks' : 'counted'
}

/** After a log-in: the count begins anew, and the place is known as the user's. */
export const noteSuccess = async (ctx: Context, attempt: Attempt, userId: number): Promise<void> => {
  await store.forgetFailures(ctx.db, attempt)
  await store.noteNetwork(ctx.db, userId, attempt.network)
}

const lockedOut = (until: Date) =>
  new Refusal('locked_out', `Too many wrong passwords. Try again after ${until.toISOString()}.`)
