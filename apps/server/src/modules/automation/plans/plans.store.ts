import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** Keeps a plan that somebody has seen, for a day; those that are older go. */
export const keepPlan = async (db: Kysely<DB>, jobId: number, hash: string, plan: Buffer) => {
  await sql`
    with old as (
      delete from automation.plans
      where (job_id, hash) in (
        select job_id, hash from automation.plans where at < now() - interval '1 day' order by at limit 100 for update skip locked
      )
    )
    insert into automation.plans (job_id, hash, plan) values (${jobId}, ${hash}, ${plan})
    on conflict (job_id, hash) do update set at = now() where plans.at < now() - interval '1 hour'`.execute(db)
}

export const findKeptPlan = async (db: Kysely<DB>, jobId: number, hash: string): Promise<Buffer | undefined> =>
  (
    await db
      .selectFrom('automation.plans')
      .select('plan')
      .where('jobId', '=', jobId)
      .where('hash', '=', hash)
      .executeTakeFirst()
  )?.plan

/** The last execution of a job that completed; those that ran only some targets of another again do not count. */
export const findLastSuccess = (db: Kysely<DB>, jobId: number) =>
  db
    .selectFrom('automation.executions as execution')
    .innerJoin('automation.jobVersions as version', 'version.id', 'execution.jobVersionId')
    .select(['execution.id', 'execution.uuid', 'execution.number', 'execution.finishedAt'])
    .select(['version.version', 'version.document'])
    .where('execution.jobId', '=', jobId)
    .where('execution.status', '=', 'completed')
    .where('execution.rerunOf', 'is', null)
    .orderBy('execution.number', 'desc')
    .limit(1)
    .executeTakeFirst()

/** What an execution did: its branches, and for each of their steps what was planned for the first try. */
export const selectPast = async (db: Kysely<DB>, executionId: number) => {
  const [branches, steps] = await Promise.all([
    db
      .selectFrom('automation.branches')
      .select(['id', 'number', 'batch', 'targetUuid', 'targetSerial', 'targetName'])
      .where('executionId', '=', executionId)
      .orderBy('number')
      .execute(),
    db
      .selectFrom('automation.stepResults')
      .select(['branchId', 'index', 'stepId', 'name', 'targetUuid', 'targetSerial', 'targetName'])
      .select(['method', 'credential', 'command', 'mode'])
      .where('executionId', '=', executionId)
      .where('attempt', '=', 1)
      .orderBy('index')
      .execute(),
  ])
  return { branches, steps }
}

/** The most targets that any of the last executions of a job had, and how many of these there are. */
export const mostTargets = async (db: Kysely<DB>, jobId: number): Promise<{ executions: number; targets: number }> => {
  const { rows } = await sql<{ executions: number; targets: number }>`
    select count(*)::int as executions, coalesce(max(last.number), 0)::int as targets
    from (select id from automation.executions where job_id = ${jobId} order by number desc limit 50) as recent
    left join lateral (
      select number from automation.branches where execution_id = recent.id order by number desc limit 1
    ) as last on true`.execute(db)
  return rows[0] ?? { executions: 0, targets: 0 }
}

type LastTry = {
  index: number
  status: string
  exitCode: number | null
  outputSeq: number | null
  isOutputTruncated: boolean
  isOutputIncomplete: boolean
  branchId: number
  day: string
}

/**
 * The last try of each of some steps, and where its output is: in this branch, or in that of an earlier execution, where
 * this one goes on from a step that failed.
 */
export const selectLastTries = async (
  db: Kysely<DB>,
  branchId: number,
  indexes: readonly number[],
): Promise<LastTry[]> => {
  const { rows } = await sql<LastTry>`
    with own as (
      select distinct on (step.index) step.index, here.target_uuid, here.id,
        coalesce(step.completed_in, execution.uuid) as execution_uuid, step.completed_in is null as is_here
      from automation.step_results as step
      join automation.branches as here on here.id = step.branch_id
      join automation.executions as execution on execution.id = here.execution_id
      where step.branch_id = ${branchId} and step.index = any (${[...indexes]}::integer[])
      order by step.index, step.attempt desc
    )
    select distinct on (own.index) own.index, step.status, step.exit_code, step.output_seq, step.is_output_truncated,
      step.is_output_incomplete, branch.id as branch_id, execution.day
    from own
    join automation.executions as execution on execution.uuid = own.execution_uuid
    join automation.branches as branch on branch.execution_id = execution.id
      and branch.target_uuid = own.target_uuid and (not own.is_here or branch.id = own.id)
    join automation.step_results as step on step.branch_id = branch.id and step.index = own.index
    order by own.index, step.attempt desc`.execute(db)
  return rows
}

/** The batch of a branch, and the number of its execution. */
export const findPlace = (db: Kysely<DB>, branchId: number) =>
  db
    .selectFrom('automation.branches as branch')
    .innerJoin('automation.executions as execution', 'execution.id', 'branch.executionId')
    .select(['branch.batch', 'execution.number'])
    .where('branch.id', '=', branchId)
    .executeTakeFirstOrThrow()
