import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { DB } from '../../../kernel/database/index.ts'
import { renewLeases } from './branch-claims.store.ts'

/** Why the work on a branch has to end before its end. */
export type Interruption = 'cancelled' | 'fenced' | 'stopping'

/** A branch this executor holds. */
export type Hold = {
  readonly signal: AbortSignal
  /** @throws Fenced when the lease was not renewed for half its length: somebody else may hold the branch */
  readonly check: () => void
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
  hold: (branch: { id: number; attempt: number; executionUuid: string }) => Hold
  interrupt: (executionUuid: string, because: Interruption) => void
  interruptAll: (because: Interruption) => void
  stop: () => void
}

type Held = { id: number; attempt: number; executionUuid: string; renewedAt: number; abort: AbortController }

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
        if (row === undefined) held.abort.abort('fenced' satisfies Interruption)
        else {
          held.renewedAt = asked
          if (row.isCancelled) held.abort.abort('cancelled' satisfies Interruption)
        }
      }
    } catch (error) {
      log.warn({ err: error }, 'leases could not be renewed')
    }
    for (const held of all) if (isStale(held)) held.abort.abort('fenced' satisfies Interruption)
  }

  let isRenewing = false
  const timer = setInterval(
    () => {
      // also while a renewal hangs
      for (const held of all) if (isStale(held)) held.abort.abort('fenced' satisfies Interruption)
      if (isRenewing || all.size === 0) return
      isRenewing = true
      void renew().finally(() => (isRenewing = false))
    },
    (leaseSec * 1000) / 4,
  )

  return {
    hold: (branch) => {
      const held: Held = { ...branch, renewedAt: performance.now(), abort: new AbortController() }
      all.add(held)
      const isHeld = () => !isStale(held) && held.abort.signal.reason !== 'fenced'
      return {
        signal: held.abort.signal,
        check: () => {
          if (!isHeld()) throw new Fenced()
        },
        isHeld,
        release: () => void all.delete(held),
      }
    },
    interrupt: (executionUuid, because) => {
      for (const held of all) if (held.executionUuid === executionUuid) held.abort.abort(because)
    },
    interruptAll: (because) => {
      for (const held of all) held.abort.abort(because)
    },
    stop: () => clearInterval(timer),
  }
}
