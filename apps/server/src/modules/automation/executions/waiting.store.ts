import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** An execution as people name it. */
export type NamedExecution = { ref: string; jobName: string }

const named = (db: Kysely<DB>) =>
  db
    .selectFrom('automation.executions as execution')
    .innerJoin('automation.jobs as job', 'job.id', 'execution.jobId')
    .select([sql<string>`job.serial || '.' || execution.number`.as('ref'), 'job.name as jobName'])

/** How many executions run and wait, and the first of those that run. */
export const selectCrowd = async (db: Kysely<DB>, shown: number) => {
  const counts = await db
    .selectFrom('automation.executions')
    .select([
      sql<number>`count(*) filter (where status = 'running')`.as('running'),
      sql<number>`count(*) filter (where status = 'queued')`.as('queued'),
    ])
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirstOrThrow()
  const first = await named(db).where('execution.status', '=', 'running').orderBy('execution.id').limit(shown).execute()
  return { ...counts, first }
}

/**
 * Which other execution of the job keeps this one from beginning: one that has begun and wants to be alone, or is there
 * while this one wants to be; or one before it that wants to be alone.
 */
export const findInTheWay = (
  db: Kysely<DB>,
  { id, jobId, priority, isAlone }: { id: number; jobId: number; priority: number; isAlone: boolean },
): Promise<NamedExecution | undefined> =>
  named(db)
    .leftJoin('automation.jobHolds as hold', 'hold.executionId', 'execution.id')
    .where('execution.jobId', '=', jobId)
    .where('execution.id', '<>', id)
    .where('execution.status', 'in', ['queued', 'running', 'paused'])
    .where((where) => {
      const hasBegun = where.or([
        where('execution.status', '=', 'running'),
        where('execution.startedAt', 'is not', null),
      ])
      const isBefore = where.and([
        where('execution.status', '=', 'queued'),
        sql<boolean>`(-execution.priority, execution.id) < (${-priority}::integer, ${id}::bigint)`,
      ])
      return where.or([
        where('hold.jobId', 'is not', null),
        where.and([hasBegun, sql<boolean>`${isAlone}`]),
        where.and([isBefore, sql<boolean>`(execution.strategy ->> 'exclusive' = 'job' or ${isAlone})`]),
      ])
    })
    .orderBy(sql`execution.started_at is null`)
    .orderBy('execution.id')
    .executeTakeFirst()

export type TargetHolder = NamedExecution & { targetUuid: string; branchId: number; isLost: boolean }

/** Who holds these targets. */
export const selectHolders = async (db: Kysely<DB>, targets: readonly string[]): Promise<TargetHolder[]> =>
  targets.length === 0
    ? []
    : named(db)
        .innerJoin('automation.targetHolds as hold', 'hold.executionId', 'execution.id')
        .innerJoin('automation.branches as branch', 'branch.id', 'hold.branchId')
        .select(['hold.targetUuid', 'hold.branchId', sql<boolean>`branch.status = 'lost'`.as('isLost')])
        .where('hold.targetUuid', 'in', [...targets])
        .execute()

/** How many branches of a batch have not ended. */
export const countOpenIn = async (db: Kysely<DB>, executionId: number, batch: number): Promise<number> =>
  (
    await db
      .selectFrom('automation.branches')
      .select(sql<number>`count(*)`.as('count'))
      .where('executionId', '=', executionId)
      .where('batch', '=', batch)
      .where('status', 'in', ['scheduled', 'queued', 'running'])
      .executeTakeFirstOrThrow()
  ).count
