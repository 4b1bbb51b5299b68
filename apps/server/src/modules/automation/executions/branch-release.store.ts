import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import { drawn } from './executions.store.ts'

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
