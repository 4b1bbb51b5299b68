import type { CancelOutcome, Fault } from '@opsconductor/contract'
import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** How long a step has still to wait, in milliseconds; 0 when its moment has come. */
export const selectTimeLeftMs = async (
  db: Kysely<DB>,
  branch: { id: number },
  step: { index: number; attempt: number },
): Promise<number> =>
  (
    await db
      .selectFrom('automation.stepResults')
      .select(sql<number>`greatest(0, extract(epoch from due_at - clock_timestamp()) * 1000)::float8`.as('leftMs'))
      .where('branchId', '=', branch.id)
      .where('index', '=', step.index)
      .where('attempt', '=', step.attempt)
      .executeTakeFirst()
  )?.leftMs ?? 0

/**
 * Lets go of a branch whose step waits: it goes on running, though no executor holds it, until its moment comes. Where
 * the execution is to be stopped, that is now. Call it with its row locked.
 *
 * @returns false when this attempt has lost it
 */
export const setAside = async (
  db: Kysely<DB>,
  branch: { id: number; attempt: number },
  changeSeq: number,
): Promise<boolean> => {
  const aside = await db
    .updateTable('automation.branches as branch')
    .set((values) => ({
      leaseUntil: null,
      executor: null,
      changeSeq,
      dueAt: values
        .selectFrom('automation.stepResults as step')
        .innerJoin('automation.executions as execution', 'execution.id', 'step.executionId')
        .select(
          sql<Date>`case when execution.cancel_requested_at is null then step.due_at else clock_timestamp() end`.as(
            'at',
          ),
        )
        .whereRef('step.branchId', '=', 'branch.id')
        .where('step.status', '=', 'running')
        .where('step.dueAt', 'is not', null)
        .limit(1),
    }))
    .where('branch.id', '=', branch.id)
    .where('branch.attempt', '=', branch.attempt)
    .where('branch.status', '=', 'running')
    .returning('branch.id')
    .executeTakeFirst()
  return aside !== undefined
}

/** Executions with branches whose moment has come. */
export const selectDueExecutions = async (db: Kysely<DB>, limit: number): Promise<number[]> =>
  (
    await db
      .selectFrom('automation.branches')
      .select('executionId')
      .distinct()
      .where('dueAt', '<=', sql<Date>`clock_timestamp()`)
      .limit(limit)
      .execute()
  ).map(({ executionId }) => executionId)

/** Puts the branches of an execution whose moment has come back into the queue. Call it with its row locked. */
export const requeueDue = (db: Kysely<DB>, executionId: number, changeSeq: number) =>
  db
    .updateTable('automation.branches')
    .set({ status: 'queued', dueAt: null, queuedAt: sql<Date>`clock_timestamp()`, changeSeq })
    .where('executionId', '=', executionId)
    .where('dueAt', '<=', sql<Date>`clock_timestamp()`)
    .where('status', '=', 'running')
    .returning(['uuid', 'zone', 'number'])
    .execute()

/** How many branches of an execution are set aside, and when the first of them is due. */
export const findSetAside = (db: Kysely<DB>, executionId: number) =>
  db
    .selectFrom('automation.branches')
    .select([sql<number>`count(*)`.as('count'), sql<Date | null>`min(due_at)`.as('firstDueAt')])
    .where('executionId', '=', executionId)
    .where('dueAt', 'is not', null)
    .executeTakeFirstOrThrow()

/** Ends the branches that are set aside: nothing runs anywhere. */
export const endSetAside = async (
  db: Kysely<DB>,
  executionId: number,
  change: {
    status: 'cancelled' | 'failed'
    fault?: Fault
    message: string
    cancelOutcome: CancelOutcome
    changeSeq: number
  },
) => {
  await db
    .updateTable('automation.branches')
    .set({
      ...change,
      dueAt: null,
      finishedAt: sql<Date>`clock_timestamp()`,
    })
    .where('executionId', '=', executionId)
    .where('dueAt', 'is not', null)
    .where('status', '=', 'running')
    .execute()
}
