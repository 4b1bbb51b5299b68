import type { Fault, StepResult, StepStatus } from '@opsconductor/contract'
import { type Kysely, type Selectable, type Updateable, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import { branchNumber } from '../plans/plans.ts'

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
  | 'changeSeq'
>

/** Rows of steps that are ready; those a former holder of the branch has made already stay as they are. */
export const insertReadySteps = async (db: Kysely<DB>, steps: readonly NewStepResult[]) => {
  if (steps.length === 0) return
  await db
    .insertInto('automation.stepResults')
    .values(steps.map((step) => ({ ...step, status: 'ready' })))
    .onConflict((conflict) => conflict.columns(['branchId', 'index', 'attempt']).doNothing())
    .execute()
}

/** The row of one more try of a step. */
export const nextTry = (row: StepResultRow, changeSeq: number): NewStepResult => ({
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
  changeSeq,
})

/**
 * The step is written down as started before anything happens on the target, and only by the holder of the branch:
 * its attempt must be the current one and its lease must not have run out, by the database's clock.
 *
 * @returns false when this holder may not start it
 */
export const startStep = async (
  db: Kysely<DB>,
  branch: { id: number; attempt: number },
  step: { index: number; attempt: number },
  change: Updateable<DB['automation.stepResults']>,
): Promise<boolean> => {
  const started = await db
    .updateTable('automation.stepResults as step')
    .from('automation.branches as branch')
    .set({ ...change, status: 'running', branchAttempt: branch.attempt, startedAt: sql`clock_timestamp()` })
    .whereRef('branch.id', '=', 'step.branchId')
    .where('branch.id', '=', branch.id)
    .where('branch.attempt', '=', branch.attempt)
    .where('branch.status', '=', 'running')
    .where('branch.leaseUntil', '>', sql<Date>`clock_timestamp()`)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('automation.executions as execution')
            .select('execution.id')
            .whereRef('execution.id', '=', 'branch.executionId')
            .where('execution.cancelRequestedAt', 'is not', null),
        ),
      ),
    )
    .where('step.index', '=', step.index)
    .where('step.attempt', '=', step.attempt)
    .where('step.status', '=', 'ready')
    .returning('step.id')
    .executeTakeFirst()
  return started !== undefined
}

/** @returns false when this holder has lost the branch meanwhile */
export const finishStep = async (
  db: Kysely<DB>,
  branch: { id: number; attempt: number },
  step: { index: number; attempt: number },
  change: Updateable<DB['automation.stepResults']>,
): Promise<boolean> => {
  const finished = await db
    .updateTable('automation.stepResults as step')
    .from('automation.branches as branch')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .whereRef('branch.id', '=', 'step.branchId')
    .where('branch.id', '=', branch.id)
    .where('branch.attempt', '=', branch.attempt)
    .where('branch.status', '=', 'running')
    .where('step.index', '=', step.index)
    .where('step.attempt', '=', step.attempt)
    .where('step.status', 'in', ['ready', 'running'])
    .returning('step.id')
    .executeTakeFirst()
  return finished !== undefined
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

/** Steps that were ready in branches which have been cancelled will not begin any more. */
export const endStepsOfEnded = async (db: Kysely<DB>, executionId: number, changeSeq: number) => {
  await db
    .updateTable('automation.stepResults')
    .set({ status: 'cancelled', finishedAt: sql`clock_timestamp()`, changeSeq })
    .where('executionId', '=', executionId)
    .where('status', '=', 'ready')
    .where('branchId', 'in', (query) =>
      query
        .selectFrom('automation.branches')
        .select('id')
        .where('executionId', '=', executionId)
        .where('status', '=', 'cancelled'),
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
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
  timings: { connectMs: row.connectMs, runMs: row.runMs, collectMs: row.collectMs },
  outputBytes: row.outputBytes,
  isOutputTruncated: row.isOutputTruncated,
  changeSeq: row.changeSeq,
})
