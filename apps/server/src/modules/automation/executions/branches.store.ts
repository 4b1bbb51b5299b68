import type { Branch, BranchStatus, CancelOutcome, Fault } from '@opsconductor/contract'
import { type Kysely, type Selectable, type UpdateObject, sql } from 'kysely'
import { containing } from '../../../kernel/cursor.ts'
import type { DB } from '../../../kernel/database/index.ts'
import { branchNumber } from '../plans/plans.ts'
import { drawn } from './executions.store.ts'

export type BranchRow = Selectable<DB['automation.branches']>

export type NewBranch = Pick<
  BranchRow,
  'uuid' | 'executionId' | 'number' | 'targetUuid' | 'targetSerial' | 'targetName' | 'zone' | 'batch' | 'nextStep'
>

/** PostgreSQL takes 65,535 values in a statement. */
const rowsPerStatement = 5_000

export const insertBranches = async (db: Kysely<DB>, branches: readonly NewBranch[]) => {
  for (let from = 0; from < branches.length; from += rowsPerStatement) {
    await db
      .insertInto('automation.branches')
      .values(branches.slice(from, from + rowsPerStatement).map((branch) => ({ ...branch, status: 'scheduled' })))
      .execute()
  }
}

export const selectBranches = (
  db: Kysely<DB>,
  executionId: number,
  filter: { status?: string | undefined; q?: string | undefined; changedAfter?: number },
  afterNumber: number,
  limit: number,
): Promise<BranchRow[]> => {
  let query = db
    .selectFrom('automation.branches')
    .selectAll()
    .where('executionId', '=', executionId)
    .where('number', '>', afterNumber)
    .orderBy('number')
    .limit(limit)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (filter.q) query = query.where('targetName', 'ilike', containing(filter.q))
  if (filter.changedAfter !== undefined) query = query.where('changeSeq', '>', filter.changedAfter)
  return query.execute()
}

export const findBranch = (db: Kysely<DB>, executionId: number, number: number): Promise<BranchRow | undefined> =>
  db
    .selectFrom('automation.branches')
    .selectAll()
    .where('executionId', '=', executionId)
    .where('number', '=', number)
    .executeTakeFirst()

/** What may go to the queue: so many of a batch in order, in lock-step those whose next step it is; or exactly these. */
export type Releasable = { batch: number; limit: number; stage: number | null } | { ids: readonly number[] }

/** Marks branches as queued. The execution's row must be locked. */
export const releaseBranches = (db: Kysely<DB>, executionId: number, which: Releasable) =>
  db
    .with('drawn', (query) => drawn(query, executionId))
    .updateTable('automation.branches as branch')
    .from('drawn')
    .set((change) => ({
      status: 'queued',
      queuedAt: sql<Date>`clock_timestamp()`,
      changeSeq: change.ref('drawn.changeSeq'),
    }))
    .where('branch.status', '=', 'scheduled')
    .where((where) =>
      'ids' in which
        ? where('branch.id', '=', sql<number>`any(${[...which.ids]}::bigint[])`)
        : where(
            'branch.id',
            'in',
            where
              .selectFrom('automation.branches as next')
              .select('next.id')
              .where('next.executionId', '=', executionId)
              .where('next.status', '=', 'scheduled')
              .where('next.batch', '=', which.batch)
              .$if(which.stage !== null, (query) => query.where('next.nextStep', '<=', which.stage ?? 0))
              .orderBy('next.number')
              .limit(which.limit),
          ),
    )
    .returning(['branch.uuid', 'branch.zone', 'branch.number', 'branch.targetUuid'])
    .execute()

export type Ahead = {
  /** The batch of which the next branch would begin; null when all have. */
  nextBatch: number | null
  /** Whether any branch is not at its end. */
  hasOpen: boolean
  /** The first batch that is under way; this and the counts only as long as there is a next branch. */
  openBatch: number | null
  queued: number
  running: number
}

/** How far an execution is. Asked whenever a branch ends: two probes of an index, once all have begun. */
export const lookAhead = async (db: Kysely<DB>, executionId: number): Promise<Ahead> => {
  const { rows } = await sql<Ahead>`
    select next.batch as next_batch, under_way.*,
      exists (select from automation.branches where execution_id = ${executionId}
        and status in ('scheduled', 'queued', 'running', 'lost')) as has_open
    from (select (select batch from automation.branches where execution_id = ${executionId} and status = 'scheduled'
        order by batch, number limit 1) as batch) as next
    cross join lateral (
      select min(batch) as open_batch, count(*) filter (where status = 'queued') as queued,
        count(*) filter (where status = 'running') as running
      from automation.branches
      where execution_id = ${executionId} and status in ('queued', 'running') and next.batch is not null
    ) as under_way`.execute(db)
  const [ahead] = rows
  if (ahead === undefined) throw new Error('A statement that always answers with a row did not.')
  return ahead
}

/**
 * In lock-step: the step that branches of a batch may run now, the first that not all of them have behind them. One that
 * is lost does not keep the others waiting; when it comes back they wait until it is as far.
 */
export const findStage = async (db: Kysely<DB>, executionId: number, batch: number): Promise<number> =>
  (
    await db
      .selectFrom('automation.branches')
      .select(sql<number | null>`min(next_step)`.as('stage'))
      .where('executionId', '=', executionId)
      .where('batch', '=', batch)
      .where('status', 'in', ['scheduled', 'queued', 'running'])
      .executeTakeFirstOrThrow()
  ).stage ?? 0

/** How many branches of a batch are at a step, or have not come to it yet. */
export const countAtStage = async (db: Kysely<DB>, executionId: number, batch: number, stage: number) =>
  (
    await db
      .selectFrom('automation.branches')
      .select(sql<number>`count(*)`.as('count'))
      .where('executionId', '=', executionId)
      .where('batch', '=', batch)
      .where('nextStep', '<=', stage)
      .where('status', 'in', ['scheduled', 'queued', 'running'])
      .executeTakeFirstOrThrow()
  ).count

/** More failed branches of a batch than so many, or than so many in a hundred. */
export type FailureLimit = { count: number } | { percent: number }

/** The first batch of which too many branches failed; lost ones count as failed. Null while there is none. */
export const findFailedBatch = async (
  db: Kysely<DB>,
  executionId: number,
  limit: FailureLimit,
): Promise<number | null> => {
  const failed = sql<number>`count(*) filter (where status in ('failed', 'lost'))`
  const tooMany =
    'count' in limit
      ? sql<boolean>`${failed} > ${limit.count}`
      : sql<boolean>`${failed} * 100 > ${limit.percent} * count(*)`
  const found = await db
    .selectFrom('automation.branches')
    .select('batch')
    .where('executionId', '=', executionId)
    // an index answers this; the rest is read only when something failed
    .where((where) =>
      where.exists(
        where
          .selectFrom('automation.branches as one')
          .select('one.id')
          .where('one.executionId', '=', executionId)
          .where('one.status', 'in', ['failed', 'lost']),
      ),
    )
    .groupBy('batch')
    .having(tooMany)
    .orderBy('batch')
    .limit(1)
    .executeTakeFirst()
  return found?.batch ?? null
}

export const countBranches = async (db: Kysely<DB>, executionId: number): Promise<Record<BranchStatus, number>> => {
  const rows = await db
    .selectFrom('automation.branches')
    .select(['status', sql<number>`count(*)`.as('count')])
    .where('executionId', '=', executionId)
    .groupBy('status')
    .execute()
  const counts: Record<BranchStatus, number> = {
    scheduled: 0,
    queued: 0,
    running: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
    lost: 0,
  }
  for (const { status, count } of rows) counts[status as BranchStatus] = count
  return counts
}

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

/** Takes branches out of the queue that no executor has taken yet: whoever comes for one finds that it does not wait. */
export const takeBackUnbegun = async (db: Kysely<DB>, executionId: number, changeSeq: number) => {
  await db
    .updateTable('automation.branches')
    .set({ status: 'scheduled', queuedAt: null, changeSeq })
    .where('executionId', '=', executionId)
    .where('status', '=', 'queued')
    .where('startedAt', 'is', null)
    .execute()
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

export const updateBranch = async (db: Kysely<DB>, id: number, change: UpdateObject<DB, 'automation.branches'>) => {
  await db.updateTable('automation.branches').set(change).where('id', '=', id).execute()
}

export const toBranch = (row: BranchRow): Branch => ({
  uuid: row.uuid,
  number: branchNumber(row.number),
  target: { uuid: row.targetUuid, serial: row.targetSerial, name: row.targetName },
  batch: row.batch,
  status: row.status as BranchStatus,
  attempt: row.attempt,
  fault: row.fault as Fault | null,
  message: row.message,
  cancelOutcome: row.cancelOutcome as CancelOutcome | null,
  outputLines: row.outputLines,
  dueAt: row.dueAt?.toISOString() ?? null,
  queuedAt: row.queuedAt?.toISOString() ?? null,
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
  changeSeq: row.changeSeq,
})
