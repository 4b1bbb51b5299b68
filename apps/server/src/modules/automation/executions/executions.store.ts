import type { BranchStatus, CancelOutcome, Execution, ExecutionStatus, Strategy, Values } from '@opsconductor/contract'
import { type Kysely, type QueryCreator, type UpdateObject, sql } from 'kysely'
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

/** The rows of these ids, the newest first. */
export const selectExecutionsById = (db: Kysely<DB>, ids: readonly number[]): Promise<ExecutionRow[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : select(db)
        .where('executions.id', '=', sql<number>`any(${[...ids]}::bigint[])`)
        .orderBy('executions.id', 'desc')
        .execute()

/** By UUID, or by the job's serial and the number: `JOB-2026-000001.12`. */
export const findExecution = (db: Kysely<DB>, ref: string): Promise<ExecutionRow | undefined> => {
  if (isUuid(ref)) return select(db).where('executions.uuid', '=', ref).executeTakeFirst()
  const [, serial = '', number = '0'] = /^(.+)\.(\d{1,9})$/.exec(ref) ?? []
  return select(db)
    .where('job.serial', '=', asSerial(serial))
    .where('executions.number', '=', Number(number))
    .executeTakeFirst()
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
  timeoutSec: number | null
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
  (await drawn(db, executionId).executeTakeFirstOrThrow()).changeSeq

/** The same as the first part of a statement that changes rows. */
export const drawn = (db: QueryCreator<DB>, executionId: number) =>
  db
    .updateTable('automation.executions')
    .set({ changeSeq: sql`change_seq + 1` })
    .where('id', '=', executionId)
    .returning('changeSeq')

export const toExecution = (row: ExecutionRow): Execution => ({
  uuid: row.uuid,
  ref: `${row.jobSerial}.${row.number}`,
  number: row.number,
  job: { uuid: row.jobUuid, serial: row.jobSerial, name: row.jobName, version: row.jobVersion },
  status: row.status as ExecutionStatus,
  needsAttention: row.needsAttention,
  cancelRequestedAt: row.cancelRequestedAt?.toISOString() ?? null,
  cancelRequestedBy: row.cancelRequestedBy,
  cancelOutcome: row.cancelOutcome as CancelOutcome | null,
  message: row.message,
  requestedBy: row.requestedBy,
  trigger: row.trigger as Execution['trigger'],
  rerunOf: row.rerunOf,
  parameters: row.parameters as Values,
  strategy: row.strategy as Strategy,
  priority: row.priority,
  timeoutSec: row.timeoutSec,
  timedOutAt: row.timedOutAt?.toISOString() ?? null,
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
