import type { BranchStatus, CancelOutcome, Fault } from '@opsconductor/contract'
import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** Ends all branches of an execution that are in one of the states. @returns how many */
export const endBranches = async (
  db: Kysely<DB>,
  executionId: number,
  from: readonly BranchStatus[],
  change: Ended & { cancelOutcome?: CancelOutcome },
): Promise<number> => {
  const ended = await db
    .updateTable('automation.branches')
    .set({ ...change, finishedAt: sql`clock_timestamp()`, leaseUntil: null })
    .where('executionId', '=', executionId)
    .where('status', 'in', [...from])
    .returning('id')
    .execute()
  return ended.length
}

type Ended = { status: 'cancelled' | 'skipped' | 'failed'; fault?: Fault; message: string; changeSeq: number }

/**
 * Ends the branches of which nothing runs: those that no executor has taken yet, or those between two steps. Where a lost
 * executor has begun a step, the next one that takes the branch stops it on its target.
 */
export const endIdle = async (db: Kysely<DB>, executionId: number, which: 'unbegun' | 'between', change: Ended) => {
  await db
    .updateTable('automation.branches as branch')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .where('branch.executionId', '=', executionId)
    .where('branch.status', 'in', ['scheduled', 'queued'])
    .where((where) =>
      which === 'unbegun'
        ? where('branch.startedAt', 'is', null)
        : where.and([
            where('branch.startedAt', 'is not', null),
            where.not(
              where.exists(
                where
                  .selectFrom('automation.stepResults as step')
                  .select('step.id')
                  .whereRef('step.branchId', '=', 'branch.id')
                  .where('step.status', 'in', ['running', 'unknown'])
                  // one that waits runs nowhere
                  .where('step.type', '<>', 'wait'),
              ),
            ),
          ]),
    )
    .execute()
}

/**
 * Ends a branch whose step is to be stopped, and that waits for an executor to do it.
 *
 * @returns false when one has taken it meanwhile
 */
export const endUnstopped = async (
  db: Kysely<DB>,
  id: number,
  change: Ended & { cancelOutcome: 'unconfirmed' },
): Promise<boolean> => {
  const ended = await db
    .updateTable('automation.branches')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .where('id', '=', id)
    .where('status', '=', 'queued')
    .returning('id')
    .executeTakeFirst()
  return ended !== undefined
}

/** Ends the branches that no executor has taken yet, and in lock-step those that wait for the others. @returns how many */
export const endUnbegun = async (
  db: Kysely<DB>,
  executionId: number,
  change: { status: 'skipped'; message: string; changeSeq: number },
): Promise<number> => {
  const ended = await db
    .updateTable('automation.branches')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .where('executionId', '=', executionId)
    .where((where) =>
      where.or([
        where('status', '=', 'scheduled'),
        // one that waits in the queue for the second time has begun
        where.and([where('status', '=', 'queued'), where('startedAt', 'is', null)]),
      ]),
    )
    .returning('id')
    .execute()
  return ended.length
}

/** The worst of what was found on the targets after a cancel. */
export const worstCancelOutcome = async (db: Kysely<DB>, executionId: number): Promise<CancelOutcome | null> => {
  const rows = await db
    .selectFrom('automation.branches')
    .select('cancelOutcome')
    .distinct()
    .where('executionId', '=', executionId)
    .where('cancelOutcome', 'is not', null)
    .execute()
  const found = new Set(rows.map((row) => row.cancelOutcome))
  return (['still_running', 'unconfirmed', 'stopped'] as const).find((outcome) => found.has(outcome)) ?? null
}
