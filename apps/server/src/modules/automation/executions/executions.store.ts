import type { BranchStatus, CancelOutcome, Execution, ExecutionStatus, Strategy, Values } from '@opsconductor/contract'
import { type Kysely, type UpdateObject, sql } from 'kysely'
import { containing, type Place } from '../../../kernel/cursor.ts'
import { type DB, jsonb } from '../../../kernel/database/index.ts'
import { asSerial, isUuid } from '../../../kernel/identifiers.ts'

const countOf = (status: BranchStatus) => sql<number>`count(*) filter (where status = ${status})`.as(status)

const select = (db: Kysely<DB>) =>
  db
    .selectFrom('automation.executions as executions')
    .innerJoin('automation.jobs as job', 'job.id', 'executions.jobId')
    .innerJoin('automation.jobVersions as version', 'version.id', 'executions.jobVersionId')
    .innerJoinLateral(
      (query) =>
        query
          .selectFrom('automation.branches')
          .whereRef('executionId', '=', 'executions.id')
          .select([
            sql<number>`count(*)`.as('total'),
            countOf('scheduled'),
            countOf('queued'),
            countOf('running'),
            countOf('completed'),
            countOf('failed'),
            countOf('cancelled'),
            countOf('skipped'),
            countOf('lost'),
          ])
          .as('counts'),
      (join) => join.onTrue(),
    )
    .selectAll('executions')
    .select([
      'job.uuid as jobUuid',
      'job.serial as jobSerial',
      'job.name as jobName',
      'version.version as jobVersion',
      'counts.total',
      'counts.scheduled as countScheduled',
      'counts.queued as countQueued',
      'counts.running as countRunning',
      'counts.completed as countCompleted',
      'counts.failed as countFailed',
      'counts.cancelled as countCancelled',
      'counts.skipped as countSkipped',
      'counts.lost as countLost',
    ])

export type ExecutionRow = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>

/** By UUID, or by the job's serial and the number: `JOB-2026-000001.12`. */
export const findExecution = (db: Kysely<DB>, ref: string): Promise<ExecutionRow | undefined> => {
  if (isUuid(ref)) return select(db).where('executions.uuid', '=', ref).executeTakeFirst()
  const [, serial = '', number = '0'] = /^(.+)\.(\d{1,9})$/.exec(ref) ?? []
  return select(db)
    .where('job.serial', '=', asSerial(serial))
    .where('executions.number', '=', Number(number))
    .executeTakeFirst()
}

export type ExecutionFilter = {
  q?: string | undefined
  job?: string | undefined
  target?: string | undefined
  status?: string | undefined
  needsAttention?: boolean | undefined
  /** RFC 3339; this moment belongs to the range. */
  queuedAfter?: string | undefined
  /** RFC 3339; this moment does not. */
  queuedBefore?: string | undefined
}

/** Longer than any transaction that starts an execution: by so much may the order of ids and of times differ. */
const longestStartMs = 3_600_000

/**
 * The id at the edge of a range of time. Lists go by id; without this bound the way to a page of last year would lead
 * over everything that has run since.
 */
const queuedNear = (db: Kysely<DB>, side: '>=' | '<', atMs: number) =>
  db
    .selectFrom('automation.executions as edge')
    .select('edge.id')
    .where('edge.queuedAt', side, new Date(atMs))
    .orderBy('edge.queuedAt', side === '<' ? 'desc' : 'asc')
    .orderBy('edge.id', side === '<' ? 'desc' : 'asc')
    .limit(1)

export const selectExecutions = (
  db: Kysely<DB>,
  filter: ExecutionFilter,
  after: Place | null,
  limit: number,
): Promise<ExecutionRow[]> => {
  let query = select(db).orderBy('executions.id', 'desc').limit(limit)
  if (after !== null) query = query.where('executions.id', '<', after.id)
  if (filter.status !== undefined) query = query.where('executions.status', '=', filter.status)
  if (filter.job !== undefined) {
    query = query.where(
      isUuid(filter.job) ? 'job.uuid' : 'job.serial',
      '=',
      isUuid(filter.job) ? filter.job : asSerial(filter.job),
    )
  }
  if (filter.needsAttention !== undefined) {
    query = query.where('executions.needsAttention', '=', filter.needsAttention)
  }
  const { queuedAfter, queuedBefore } = filter
  if (queuedAfter !== undefined) {
    query = query
      .where('executions.queuedAt', '>=', new Date(queuedAfter))
      .where('executions.id', '>=', queuedNear(db, '>=', Date.parse(queuedAfter) - longestStartMs))
  }
  if (queuedBefore !== undefined) {
    query = query
      .where('executions.queuedAt', '<', new Date(queuedBefore))
      .where('executions.id', '<=', queuedNear(db, '<', Date.parse(queuedBefore) + longestStartMs))
  }
  const { target } = filter
  if (target !== undefined) {
    query = query.where((where) =>
      where.exists(
        where
          .selectFrom('automation.branches as branch')
          .select('branch.id')
          .whereRef('branch.executionId', '=', 'executions.id')
          .where(
            isUuid(target) ? 'branch.targetUuid' : 'branch.targetSerial',
            '=',
            isUuid(target) ? target : asSerial(target),
          ),
      ),
    )
  }
  if (filter.q) {
    const words = containing(filter.q)
    query = query.where((where) =>
      where.or([
        where('job.name', 'ilike', words),
        where('job.serial', 'ilike', words),
        where('executions.requestedBy', 'ilike', words),
      ]),
    )
  }
  return query.execute()
}

export type NewExecution = {
  uuid: string
  jobId: number
  jobVersionId: number
  requestedBy: string
  requestedByUuid: string | null
  trigger: 'manual' | 'rerun'
  rerunOf: string | null
  parameters: Values
  sealedParameters: Buffer | null
  strategy: Strategy
  planHash: string
  priority: number
  orderSeed: number
}

/** Numbers the execution by its job, whose row stays locked until the end of the transaction. */
export const insertExecution = (db: Kysely<DB>, { parameters, strategy, ...execution }: NewExecution) =>
  db
    .with('numbered', (query) =>
      query
        .updateTable('automation.jobs')
        .set({ executionCount: sql`execution_count + 1` })
        .where('id', '=', execution.jobId)
        .returning('executionCount as number'),
    )
    .insertInto('automation.executions')
    .values((query) => ({
      ...execution,
      number: query.selectFrom('numbered').select('number'),
      day: sql<string>`(now() at time zone 'utc')::date`,
      status: 'queued',
      parameters: jsonb(parameters),
      strategy: jsonb(strategy),
    }))
    .returning(['id', 'uuid', 'number', 'day'])
    .executeTakeFirstOrThrow()

/** The execution's row, locked until the end of the transaction. */
export const lockExecution = (db: Kysely<DB>, id: number) =>
  db.selectFrom('automation.executions').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow()

export type LockedExecution = Awaited<ReturnType<typeof lockExecution>>

/** Somebody is needed as long as a branch is lost. */
export const noteAttention = async (db: Kysely<DB>, id: number) => {
  await db
    .updateTable('automation.executions')
    .set({
      needsAttention: sql`exists (
        select from automation.branches b where b.execution_id = automation.executions.id and b.status = 'lost'
      )`,
    })
    .where('id', '=', id)
    .execute()
}

export const updateExecution = async (
  db: Kysely<DB>,
  id: number,
  change: UpdateObject<DB, 'automation.executions'>,
) => {
  await db
    .updateTable('automation.executions')
    .set({ ...change, changeSeq: sql`change_seq + 1` })
    .where('id', '=', id)
    .execute()
}

/**
 * Draws the number under which rows of the execution change now. The execution's row stays locked until the end of the
 * transaction, so numbers follow commit order and a reader that has seen one has seen all below it.
 */
export const drawChange = async (db: Kysely<DB>, executionId: number): Promise<number> =>
  (
    await db
      .updateTable('automation.executions')
      .set({ changeSeq: sql`change_seq + 1` })
      .where('id', '=', executionId)
      .returning('changeSeq')
      .executeTakeFirstOrThrow()
  ).changeSeq

export const toExecution = (row: ExecutionRow): Execution => ({
  uuid: row.uuid,
  ref: `${row.jobSerial}.${row.number}`,
  number: row.number,
  job: { uuid: row.jobUuid, serial: row.jobSerial, name: row.jobName, version: row.jobVersion },
  status: row.status as ExecutionStatus,
  needsAttention: row.needsAttention,
  cancelOutcome: row.cancelOutcome as CancelOutcome | null,
  message: row.message,
  requestedBy: row.requestedBy,
  trigger: row.trigger as Execution['trigger'],
  rerunOf: row.rerunOf,
  parameters: row.parameters as Values,
  strategy: row.strategy as Strategy,
  priority: row.priority,
  planHash: row.planHash,
  counts: {
    total: row.total,
    scheduled: row.countScheduled,
    queued: row.countQueued,
    running: row.countRunning,
    completed: row.countCompleted,
    failed: row.countFailed,
    cancelled: row.countCancelled,
    skipped: row.countSkipped,
    lost: row.countLost,
  },
  pausedAt: row.pausedAt?.toISOString() ?? null,
  pausedBy: row.pausedBy,
  scheduledAt: row.scheduledAt?.toISOString() ?? null,
  queuedAt: row.queuedAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
  changeSeq: row.changeSeq,
})
