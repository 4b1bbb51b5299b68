import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/**
 * At which step each branch of an execution would go on: the first of which no try completed. A step that an execution
 * before it had completed counts as completed. By target; a branch that ran all of its steps is not there.
 */
export const selectFirstIncomplete = async (
  db: Kysely<DB>,
  executionId: number,
  stepCount: number,
): Promise<Map<string, number>> => {
  const { rows } = await sql<{ targetUuid: string; index: number }>`
    select branch.target_uuid, min(step.index) as index
    from automation.branches as branch
    cross join generate_series(0, ${stepCount}::integer - 1) as step (index)
    where branch.execution_id = ${executionId} and not exists (
      select from automation.step_results as done
      where done.branch_id = branch.id and done.index = step.index
        and (done.status = 'completed' or done.completed_in is not null)
    )
    group by branch.target_uuid`.execute(db)
  return new Map(rows.map(({ targetUuid, index }) => [targetUuid, index]))
}

/**
 * Writes into the branches of an execution which steps an earlier one has completed: they are skipped, and say where.
 *
 * @param from at which step each branch begins, by target
 */
export const insertCompletedSteps = async (
  db: Kysely<DB>,
  executionId: number,
  before: { id: number; uuid: string; ref: string },
  from: ReadonlyMap<string, number>,
) => {
  await sql`
    insert into automation.step_results (branch_id, execution_id, index, attempt, step_id, name, type, status,
      branch_attempt, target_uuid, target_serial, target_name, method, credential, mode, command, exit_code, message,
      completed_in, finished_at)
    select distinct on (branch.id, step.index) branch.id, branch.execution_id, step.index, 1, step.step_id, step.name,
      step.type, 'skipped', 1, step.target_uuid, step.target_serial, step.target_name, step.method, step.credential,
      step.mode, step.command, step.exit_code,
      case when step.completed_in is null then ${`Completed in ${before.ref}.`} else step.message end,
      coalesce(step.completed_in, ${before.uuid}::uuid), clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify([...from].map(([target, index]) => ({ target, index })))}::jsonb)
      as start (target uuid, index integer)
    join automation.branches as branch
      on branch.execution_id = ${executionId} and branch.target_uuid = start.target
    join automation.branches as earlier
      on earlier.execution_id = ${before.id} and earlier.target_uuid = start.target
    join automation.step_results as step
      on step.branch_id = earlier.id and step.index < start.index
      and (step.status = 'completed' or step.completed_in is not null)
    order by branch.id, step.index, step.attempt desc`.execute(db)
}
