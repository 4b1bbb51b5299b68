import type { Copied, Fault, StepResult, StepStatus } from '@opsconductor/contract'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import { branchNumber } from '../plans/plans.ts'
import { drawn } from './executions.store.ts'

export type StepResultRow = Selectable<DB['automation.stepResults']>

export type NewStepResult = Pick<
  StepResultRow,
  | 'branchId'
  | 'executionId'
  | 'index'
  | 'attempt'
  | 'stepId'
  | 'name'
  | 'type'
  | 'branchAttempt'
  | 'mode'
  | 'command'
  | 'targetUuid'
  | 'targetSerial'
  | 'targetName'
  | 'method'
  | 'credential'
>

/** Rows of steps of one execution that are ready; those a former holder of the branch has made already stay as they are. */
export const insertReadySteps = async (db: Kysely<DB>, steps: readonly NewStepResult[]) => {
  const [first] = steps
  if (first === undefined) return
  await db
    .with('drawn', (query) => drawn(query, first.executionId))
    .insertInto('automation.stepResults')
    .values((query) =>
      steps.map((step) => ({
        ...step,
        status: 'ready',
        changeSeq: query.selectFrom('drawn').select('drawn.changeSeq'),
      })),
    )
    .onConflict((conflict) => conflict.columns(['branchId', 'index', 'attempt']).doNothing())
    .execute()
}

/** One more try of a step, ready to run. */
export const insertNextTry = (db: Kysely<DB>, row: StepResultRow) =>
  insertReadySteps(db, [
    {
      branchId: row.branchId,
      executionId: row.executionId,
      index: row.index,
      attempt: row.attempt + 1,
      stepId: row.stepId,
      name: row.name,
      type: row.type,
      branchAttempt: row.branchAttempt,
      mode: row.mode,
      command: row.command,
      targetUuid: row.targetUuid,
      targetSerial: row.targetSerial,
      targetName: row.targetName,
      method: row.method,
      credential: row.credential,
    },
  ])

/** Ends one step whose end nobody knew. */
export const settleStep = async (
  db: Kysely<DB>,
  id: number,
  change: { status: 'completed' | 'failed'; message: string; changeSeq: number },
) => {
  await db
    .updateTable('automation.stepResults')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .where('id', '=', id)
    .where('status', '=', 'unknown')
    .execute()
}

/** Ends the steps of a branch that are still in one of the states. */
export const endSteps = async (
  db: Kysely<DB>,
  branchId: number,
  from: readonly StepStatus[],
  change: { status: StepStatus; message?: string; changeSeq: number },
) => {
  await db
    .updateTable('automation.stepResults')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .where('branchId', '=', branchId)
    .where('status', 'in', [...from])
    .execute()
}

/** Steps that were ready in branches which have ended will not begin any more, and none waits. */
export const endStepsOfEnded = async (
  db: Kysely<DB>,
  executionId: number,
  changeSeq: number,
  status: 'cancelled' | 'skipped' = 'cancelled',
) => {
  await db
    .updateTable('automation.stepResults')
    .set({ status, finishedAt: sql`clock_timestamp()`, changeSeq })
    .where('executionId', '=', executionId)
    .where((where) =>
      where.or([
        where('status', '=', 'ready'),
        where.and([where('status', '=', 'running'), where('type', '=', 'wait')]),
      ]),
    )
    .where('branchId', 'in', (query) =>
      query
        .selectFrom('automation.branches')
        .select('id')
        .where('executionId', '=', executionId)
        .where('status', 'in', ['completed', 'failed', 'cancelled', 'skipped']),
    )
    .execute()
}

export const selectSteps = (
  db: Kysely<DB>,
  which: { executionId: number; branchId?: number; changedAfter?: number; afterId?: number },
  limit: number,
) => {
  let query = db
    .selectFrom('automation.stepResults as step')
    .innerJoin('automation.branches as branch', 'branch.id', 'step.branchId')
    .selectAll('step')
    .select('branch.number as branchNumber')
    .where('step.executionId', '=', which.executionId)
    .limit(limit)
  query = which.branchId === undefined ? query.orderBy('step.id') : query.orderBy('step.index').orderBy('step.attempt')
  if (which.branchId !== undefined) query = query.where('step.branchId', '=', which.branchId)
  if (which.changedAfter !== undefined) query = query.where('step.changeSeq', '>', which.changedAfter)
  if (which.afterId !== undefined) query = query.where('step.id', '>', which.afterId)
  return query.execute()
}

export const toStepResult = (row: StepResultRow & { branchNumber: number }): StepResult => ({
  branch: branchNumber(row.branchNumber),
  index: row.index,
  attempt: row.attempt,
  id: row.stepId,
  name: row.name,
  type: row.type,
  status: row.status as StepStatus,
  target:
    row.targetUuid === null
      ? null
      : { uuid: row.targetUuid, serial: row.targetSerial ?? '', name: row.targetName ?? '' },
  method: row.method,
  credential: row.credential,
  mode: row.mode as StepResult['mode'],
  command: row.command,
  exitCode: row.exitCode,
  signal: row.signal,
  fault: row.fault as Fault | null,
  message: row.message,
  ...(row.copied === null ? {} : { copied: row.copied as Copied }),
  executor: row.executor,
  dueAt: row.dueAt?.toISOString() ?? null,
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
  timings: {
    waitMs: row.waitMs,
    connectMs: row.connectMs,
    authenticateMs: row.authenticateMs,
    runMs: row.runMs,
    collectMs: row.collectMs,
  },
  outputBytes: row.outputBytes,
  isOutputTruncated: row.isOutputTruncated,
  isOutputIncomplete: row.isOutputIncomplete,
  changeSeq: row.changeSeq,
})
