import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/**
 * Takes branches out of the queue for an executor, those that still wait there. The rows of their executions are locked
 * in one order, so that two who take several never wait for each other.
 *
 * @returns those that are ours now, in no particular order
 */
export const claimBranches = (db: Kysely<DB>, uuids: readonly string[], executor: string, leaseSec: number) =>
  db
    .with('locked', (query) =>
      query
        .selectFrom('automation.executions')
        .select('id')
        .where('id', 'in', (branch) =>
          branch
            .selectFrom('automation.branches')
            .select('executionId')
            .where('uuid', '=', sql<string>`any(${[...uuids]}::uuid[])`)
            .where('status', '=', 'queued'),
        )
        .where('status', 'not in', ['completed', 'failed', 'cancelled'])
        .orderBy('id')
        .forUpdate(),
    )
    .with('execution', (query) =>
      query
        .updateTable('automation.executions as execution')
        .from('locked')
        .set({ changeSeq: sql`execution.change_seq + 1` })
        .whereRef('execution.id', '=', 'locked.id')
        .returning(['execution.id', 'execution.uuid', 'execution.day', 'execution.jobId', 'execution.jobVersionId'])
        .returning(['execution.requestedBy', 'execution.changeSeq', 'execution.priority', 'execution.timeoutSec'])
        .returning(['execution.timedOutAt', 'execution.parameters', 'execution.sealedParameters'])
        .returning(sql<boolean>`execution.cancel_requested_at is not null`.as('isCancelled')),
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
    .where('branch.uuid', '=', sql<string>`any(${[...uuids]}::uuid[])`)
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
    .execute()

export type Claim = Awaited<ReturnType<typeof claimBranches>>[number]

/**
 * Prolongs the leases that are still ours. The rows are locked in one order, as by everyone who locks several: nobody waits
 * in a circle.
 *
 * @returns those, and of which executions a cancel was asked
 */
export const renewLeases = (db: Kysely<DB>, held: readonly { id: number; attempt: number }[], leaseSec: number) =>
  db
    .with('ours', (query) =>
      query
        .selectFrom('automation.branches as branch')
        .innerJoin(
          sql<{ id: number; attempt: number }>`unnest(${held.map(({ id }) => id)}::bigint[], ${held.map(
            ({ attempt }) => attempt,
          )}::integer[])`.as<'held'>(sql`held (id, attempt)`),
          (join) => join.onRef('held.id', '=', 'branch.id').onRef('held.attempt', '=', 'branch.attempt'),
        )
        .select('branch.id')
        .where('branch.status', '=', 'running')
        .orderBy('branch.id')
        .forUpdate('branch'),
    )
    .updateTable('automation.branches as branch')
    .from('ours')
    .from('automation.executions as execution')
    .set({ leaseUntil: sql<Date>`clock_timestamp() + make_interval(secs => ${leaseSec})` })
    .whereRef('branch.id', '=', 'ours.id')
    .whereRef('execution.id', '=', 'branch.executionId')
    .returning(['branch.id', sql<boolean>`execution.cancel_requested_at is not null`.as('isCancelled')])
    .returning(sql<boolean>`execution.timed_out_at is not null`.as('isTimedOut'))
    .execute()

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
 * it began. Call it with the execution's row locked.
 *
 * @returns false when this attempt has lost it, or the execution is to be stopped: nobody would call it again
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
    .where((where) =>
      where.exists(
        where
          .selectFrom('automation.executions as execution')
          .select('execution.id')
          .whereRef('execution.id', '=', 'automation.branches.executionId')
          .where('execution.cancelRequestedAt', 'is', null),
      ),
    )
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
