import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import type { LockedExecution } from './executions.store.ts'

/** A branch that an executor has taken: the attempt number is its fencing token. */
export type ClaimedBranch = {
  id: number
  uuid: string
  number: number
  attempt: number
  executionId: number
  targetUuid: string
  targetName: string
}

/**
 * Takes a waiting branch of an open execution: it runs now, under one attempt more, with a lease by the database's clock.
 * The execution's row is locked first and the branch's after it, as everywhere, so nobody waits in a circle.
 *
 * @returns the branch, and with what it runs; undefined when it does not wait (any more): somebody else has it, or it
 *   was cancelled
 */
export const claimBranch = (db: Kysely<DB>, uuid: string, executor: string, leaseSec: number) =>
  db
    .with('execution', (query) =>
      query
        .updateTable('automation.executions')
        .set({ changeSeq: sql`change_seq + 1` })
        .where('id', '=', (branch) =>
          branch
            .selectFrom('automation.branches')
            .select('executionId')
            .where('uuid', '=', uuid)
            .where('status', '=', 'queued'),
        )
        .where('status', 'not in', ['completed', 'failed', 'cancelled'])
        .returning(['id', 'uuid', 'day', 'jobId', 'jobVersionId', 'requestedBy', 'changeSeq'])
        .returning(['priority', 'timeoutSec', 'timedOutAt'])
        .returning(['parameters', 'sealedParameters', sql<boolean>`cancel_requested_at is not null`.as('isCancelled')]),
    )
    .updateTable('automation.branches as branch')
    .from('execution')
    .innerJoin('automation.jobs as job', 'job.id', 'execution.jobId')
    .innerJoin('automation.jobVersions as version', 'version.id', 'execution.jobVersionId')
    .set((change) => ({
      changeSeq: change.ref('execution.changeSeq'),
      status: 'running',
      attempt: sql`branch.attempt + 1`,
      executor,
      leaseUntil: sql<Date>`clock_timestamp() + make_interval(secs => ${leaseSec})`,
      startedAt: sql<Date>`coalesce(branch.started_at, clock_timestamp())`,
    }))
    .whereRef('branch.executionId', '=', 'execution.id')
    .where('branch.uuid', '=', uuid)
    .where('branch.status', '=', 'queued')
    .returning(['branch.id', 'branch.uuid', 'branch.number', 'branch.attempt', 'branch.executionId'])
    .returning(['branch.targetUuid', 'branch.targetName'])
    .returning(['execution.uuid as executionUuid', 'execution.day', 'execution.requestedBy'])
    .returning(['execution.parameters', 'execution.sealedParameters', 'execution.isCancelled'])
    .returning(['execution.priority', 'execution.timeoutSec', 'execution.timedOutAt'])
    .returning(
      sql<number>`greatest(0, extract(epoch from clock_timestamp() - branch.queued_at) * 1000)::float8`.as('waitMs'),
    )
    .returning(['job.name as jobName', 'job.serial as jobSerial', 'version.version', 'version.document'])
    .executeTakeFirst()

export type Claim = NonNullable<Awaited<ReturnType<typeof claimBranch>>>

/** Prolongs the leases that are still ours. @returns those, and of which executions a cancel was asked */
export const renewLeases = (db: Kysely<DB>, held: readonly { id: number; attempt: number }[], leaseSec: number) =>
  db
    .updateTable('automation.branches as branch')
    .from(
      sql<{
        id: number
        attempt: number
      }>`unnest(${held.map(({ id }) => id)}::bigint[], ${held.map(({ attempt }) => attempt)}::integer[])`.as<'held'>(
        sql`held (id, attempt)`,
      ),
    )
    .from('automation.executions as execution')
    .set({ leaseUntil: sql<Date>`clock_timestamp() + make_interval(secs => ${leaseSec})` })
    .whereRef('branch.id', '=', 'held.id')
    .whereRef('branch.attempt', '=', 'held.attempt')
    .whereRef('execution.id', '=', 'branch.executionId')
    .where('branch.status', '=', 'running')
    .returning(['branch.id', sql<boolean>`execution.cancel_requested_at is not null`.as('isCancelled')])
    .returning(sql<boolean>`execution.timed_out_at is not null`.as('isTimedOut'))
    .execute()

/** After half a minute, then less and less often, down to once in a quarter of an hour. */
const askAgainAt = sql<Date>`clock_timestamp() + make_interval(secs => least(900, 15 * 2 ^ least(attempt, 6)))`

/**
 * Ends a branch, if this attempt still holds it. The execution's row is locked first, and stays so.
 *
 * @returns the execution; undefined when somebody else has the branch
 */
export const endClaim = (
  db: Kysely<DB>,
  branch: { id: number; attempt: number; executionId: number },
  {
    isToBeAsked,
    ...rest
  }: {
    status: string
    fault: string | null
    message: string | null
    cancelOutcome: string | null
    /** A lost one, whose target did not answer: it is asked again later. */
    isToBeAsked: boolean
  },
): Promise<LockedExecution | undefined> =>
  db
    .with('drawn', (query) =>
      query
        .updateTable('automation.executions')
        .set({
          changeSeq: sql`change_seq + 1`,
          ...(rest.status === 'lost' ? { needsAttention: true } : {}),
        })
        .where('id', '=', branch.executionId)
        .returningAll(),
    )
    .with('ended', (query) =>
      query
        .updateTable('automation.branches as branch')
        .from('drawn')
        .set((change) => ({
          ...rest,
          changeSeq: change.ref('drawn.changeSeq'),
          leaseUntil: null,
          askAgainAt: isToBeAsked ? askAgainAt : null,
          finishedAt: rest.status === 'lost' ? null : sql<Date>`clock_timestamp()`,
        }))
        .where('branch.id', '=', branch.id)
        .where('branch.attempt', '=', branch.attempt)
        .where('branch.status', '=', 'running')
        .returning('branch.id'),
    )
    .selectFrom('drawn')
    .selectAll('drawn')
    .where((where) => where.exists(where.selectFrom('ended').select('ended.id')))
    .executeTakeFirst()

const expired = (db: Kysely<DB>) =>
  db
    .selectFrom('automation.branches')
    .select(['id', 'uuid', 'number', 'attempt', 'losses', 'executionId', 'zone', 'executor', 'targetName'])
    .where('status', '=', 'running')
    .where('leaseUntil', '<', sql<Date>`clock_timestamp()`)

export type ExpiredBranch = Awaited<ReturnType<ReturnType<typeof expired>['executeTakeFirstOrThrow']>>

/** Branches whose executor has not been heard of for too long. */
export const selectExpired = (db: Kysely<DB>, limit: number): Promise<ExpiredBranch[]> =>
  expired(db).orderBy('id').limit(limit).execute()

/** Takes one of them, when it is still so. Call it with the execution's row locked. */
export const lockExpired = (db: Kysely<DB>, id: number): Promise<ExpiredBranch | undefined> =>
  expired(db).where('id', '=', id).forUpdate().executeTakeFirst()

/** Lost branches whose targets are to be asked again now. */
export const selectDueToAsk = (db: Kysely<DB>, limit: number) =>
  db
    .selectFrom('automation.branches')
    .select(['id', 'executionId'])
    .where('status', '=', 'lost')
    .where('askAgainAt', '<', sql<Date>`clock_timestamp()`)
    .orderBy('askAgainAt')
    .limit(limit)
    .execute()

/**
 * Puts a lost branch back into the queue, to be taken by an executor. Call it with the execution's row locked.
 *
 * @returns undefined when it is not lost any more
 */
export const reviveBranch = (db: Kysely<DB>, id: number, changeSeq: number) =>
  db
    .updateTable('automation.branches')
    .set({
      status: 'queued',
      executor: null,
      fault: null,
      message: null,
      askAgainAt: null,
      queuedAt: sql<Date>`clock_timestamp()`,
      changeSeq,
    })
    .where('id', '=', id)
    .where('status', '=', 'lost')
    .returning(['uuid', 'zone', 'number', 'targetName'])
    .executeTakeFirst()

/** Where a branch belongs and whether it waits in the queue. */
export const findWaiting = (db: Kysely<DB>, uuid: string) =>
  db
    .selectFrom('automation.branches as branch')
    .innerJoin('automation.executions as execution', 'execution.id', 'branch.executionId')
    .select(['branch.executionId', 'branch.zone', 'execution.priority'])
    .where('branch.uuid', '=', uuid)
    .where('branch.status', '=', 'queued')
    .executeTakeFirst()

/**
 * In lock-step: a branch that has a step behind it waits until all of its batch have. It is `scheduled` then, as before
 * it began. @returns false when this attempt has lost it
 */
export const awaitStage = async (
  db: Kysely<DB>,
  branch: { id: number; attempt: number },
  nextStep: number,
  changeSeq: number,
): Promise<boolean> => {
  const waits = await db
    .updateTable('automation.branches')
    .set({ status: 'scheduled', nextStep, leaseUntil: null, executor: null, queuedAt: null, changeSeq })
    .where('id', '=', branch.id)
    .where('attempt', '=', branch.attempt)
    .where('status', '=', 'running')
    .returning('id')
    .executeTakeFirst()
  return waits !== undefined
}

/**
 * Puts a branch that was interrupted between steps back, to be taken again.
 *
 * @param wasLost its executor did not do so itself
 * @returns false when this attempt has lost it
 */
export const requeueBranch = async (
  db: Kysely<DB>,
  branch: { id: number; attempt: number },
  changeSeq: number,
  wasLost = false,
): Promise<boolean> => {
  const requeued = await db
    .updateTable('automation.branches')
    .set({
      status: 'queued',
      leaseUntil: null,
      executor: null,
      queuedAt: sql<Date>`clock_timestamp()`,
      changeSeq,
      ...(wasLost ? { losses: sql<number>`losses + 1` } : {}),
    })
    .where('id', '=', branch.id)
    .where('attempt', '=', branch.attempt)
    .where('status', '=', 'running')
    .returning('id')
    .executeTakeFirst()
  return requeued !== undefined
}

export const insertLateResult = async (db: Kysely<DB>, branch: { id: number; attempt: number }, result: string) => {
  await db
    .insertInto('automation.lateResults')
    .values({ branchId: branch.id, branchAttempt: branch.attempt, result: sql`${result}::jsonb` })
    .execute()
}
