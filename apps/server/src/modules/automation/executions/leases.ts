import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { DB } from '../../../kernel/database/index.ts'
import { renewLeases } from './branch-claims.store.ts'

/** Why the work on a branch has to end before its end. */
export type Interruption = 'cancelled' | 'fenced' | 'stopping'

/** A branch this executor holds. */
export type Hold = {
  /** Ends all waiting: any interruption. */
  readonly signal: AbortSignal
  /** Stops what runs on the target and cannot go on without us: a cancel, or this executor at the end of its patience. */
  readonly stop: AbortSignal
  /** Stops what runs on the target in any case. */
  readonly cancelled: AbortSignal
  /** Others go on from here: this executor stops, or may not act any more. What runs on its own is left alone. */
  readonly leaving: AbortSignal
  /** @throws Fenced when the lease was not renewed for half its length: somebody else may hold the branch */
  readonly check: () => void
  /** It was stopped because the execution's time is over, not by a person. */
  readonly isTimedOut: () => boolean
  /** Nobody else is known to have the branch. What the database itself refuses to others may still be tried. */
  readonly isHeld: () => boolean
  readonly release: () => void
}

/** This executor may not act for the branch any more. */
export class Fenced extends Error {
  constructor() {
    super('The lease of this branch could not be renewed in time.')
    this.name = 'Fenced'
  }
}

export type Leases = {
  /** @param askedMs `performance.now()` before the branch was asked for: its lease counts from the answer at the latest */
  hold: (
    branch: { id: number; attempt: number; isCancelled: boolean; timedOutAt: Date | null },
    askedMs: number,
  ) => Hold
  /** Looks at once whether a cancel was asked of any of them, or one was taken. */
  look: () => void
  /** What can go on without this executor is left to others, now and from now on. */
  handOver: () => void
  /** Everything ends. */
  interruptAll: () => void
  stop: () => void
}

type Held = {
  id: number
  attempt: number
  renewedAt: number
  isTaken: boolean
  isTimedOut: boolean
  all: AbortController
  stop: AbortController
  cancelled: AbortController
  leaving: AbortController
}

const interruptOne = (held: Held, because: Interruption) => {
  if (because === 'cancelled') held.cancelled.abort(because)
  else held.leaving.abort(because)
  // a command that runs is not killed because the database could not be reached for a while
  if (because !== 'fenced') held.stop.abort(because)
  held.all.abort(because)
}

/**
 * Renews the leases of all held branches together, every quarter of their length. Who could not renew for half of it
 * stops itself, by a monotonic clock: that also catches a process that was stopped and goes on, before it does anything.
 */
export const createLeases = ({ db, leaseSec, log }: { db: Kysely<DB>; leaseSec: number; log: Logger }): Leases => {
  const all = new Set<Held>()
  const fenceMs = (leaseSec * 1000) / 2

  const isStale = (held: Held) => performance.now() - held.renewedAt > fenceMs

  const renew = async () => {
    const asked = performance.now() // before the question: the lease counts from the answer at the latest
    const holding = [...all]
    try {
      const renewed = new Map((await renewLeases(db, holding, leaseSec)).map((row) => [row.id, row]))
      for (const held of holding) {
        const row = renewed.get(held.id)
        if (row === undefined) {
          held.isTaken = true
          interruptOne(held, 'fenced')
        } else {
          held.renewedAt = asked
          held.isTimedOut = row.isTimedOut
          if (row.isCancelled) interruptOne(held, 'cancelled')
        }
      }
    } catch (error) {
      log.warn({ err: error }, 'leases could not be renewed')
    }
    for (const held of all) if (isStale(held)) interruptOne(held, 'fenced')
  }

  let renewing: Promise<void> | null = null
  let isToBeRepeated = false
  const renewOnce = () => {
    if (all.size === 0) return
    if (renewing !== null) {
      isToBeRepeated = true
      return
    }
    renewing = renew().finally(() => {
      renewing = null
      if (isToBeRepeated) {
        isToBeRepeated = false
        renewOnce()
      }
    })
  }
  const timer = setInterval(
    () => {
      // also while a renewal hangs
      for (const held of all) if (isStale(held)) interruptOne(held, 'fenced')
      if (renewing === null) renewOnce()
    },
    (leaseSec * 1000) / 4,
  )

  let isHandingOver = false

  return {
    hold: (branch, askedMs) => {
      const held: Held = {
        id: branch.id,
        attempt: branch.attempt,
        renewedAt: askedMs,
        isTaken: false,
        isTimedOut: branch.timedOutAt !== null,
        all: new AbortController(),
        stop: new AbortController(),
        cancelled: new AbortController(),
        leaving: new AbortController(),
      }
      all.add(held)
      if (branch.isCancelled) interruptOne(held, 'cancelled')
      if (isHandingOver) held.leaving.abort('stopping' satisfies Interruption)
      return {
        signal: held.all.signal,
        stop: held.stop.signal,
        cancelled: held.cancelled.signal,
        leaving: held.leaving.signal,
        isTimedOut: () => held.isTimedOut,
        isHeld: () => !held.isTaken,
        check: () => {
          if (isStale(held) || held.all.signal.reason === 'fenced') throw new Fenced()
        },
        release: () => void all.delete(held),
      }
    },
    look: renewOnce,
    handOver: () => {
      isHandingOver = true
      for (const held of all) held.leaving.abort('stopping' satisfies Interruption)
    },
    interruptAll: () => {
      for (const held of all) interruptOne(held, 'stopping')
    },
    stop: () => clearInterval(timer),
  }
}
