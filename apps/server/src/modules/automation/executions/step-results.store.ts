import type { Copied, Fault, StepResult, StepStatus } from '@opsconductor/contract'
import { type Kysely, type Selectable, sql } from 'kysely'
import { type DB, wellFormedJson } from '../../../kernel/database/index.ts'
import { branchNumber } from '../plans/plans.ts'

export type StepResultRow = Selectable<DB['automation.stepResults']>

/** It has begun on its target, and nobody has seen its end. */
export const isBegun = ({ status }: { status: string }) => status === 'running' || status === 'unknown'

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
  const { executionId } = first
  // one text for any number of steps: to build a statement with a place for each value took longer than to run it
  const rows = wellFormedJson(steps)
  await sql`
    with drawn as (
      update automation.executions set change_seq = change_seq + 1 where id = ${executionId} returning change_seq
    )
    insert into automation.step_results (branch_id, execution_id, index, attempt, step_id, name, type, status,
      branch_attempt, mode, command, target_uuid, target_serial, target_name, method, credential, change_seq)
    select step."branchId", ${executionId}, step.index, step.attempt, step."stepId", step.name, step.type, 'ready',
      step."branchAttempt", step.mode, step.command, step."targetUuid", step."targetSerial", step."targetName",
      step.method, step.credential, drawn.change_seq
    from drawn, jsonb_to_recordset(${rows}::jsonb) as step (
      "branchId" bigint, index integer, attempt integer, "stepId" text, name text, type text, "branchAttempt" integer,
      mode text, command text, "targetUuid" uuid, "targetSerial" text, "targetName" text, method text, credential text
    )
    on conflict (branch_id, index, attempt) do nothing`.execute(db)
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

/** Ends the steps of these branches that are still in one of the states. */
export const endSteps = async (
  db: Kysely<DB>,
  branchIds: readonly number[],
  from: readonly StepStatus[],
  change: { status: StepStatus; message?: string; changeSeq: number },
) => {
  if (branchIds.length === 0) return
  await db
    .updateTable('automation.stepResults')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .where('branchId', '=', sql<number>`any(${[...branchIds]}::bigint[])`)
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
