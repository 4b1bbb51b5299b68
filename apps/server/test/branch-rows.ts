import type { TestDatabase } from './database.ts'

export type BranchRows = { executionId: number; uuid: string; day: string; branchIds: number[] }

/**
 * An execution with so many branches, each with steps, written straight into the tables: for tests that need more of them
 * than could run, or the rows alone. The branches are held under attempt 1 unless they have ended.
 */
export const insertExecution = async (
  database: Pick<TestDatabase, 'asOwner'>,
  { branches = 1, steps = 0, status = 'running' }: { branches?: number; steps?: number; status?: string } = {},
): Promise<BranchRows> => {
  const [row] = await database.asOwner(`
    with job as (
      insert into automation.jobs (uuid, serial, name, current_version, created_by)
      select uuid, 'JOB-2000-' || left(uuid::text, 8), 'rows ' || uuid, 1, 'test' from gen_random_uuid() as uuid
      returning id
    ), version as (
      insert into automation.job_versions (uuid, job_id, version, document, checksum, created_by)
      select gen_random_uuid(), id, 1, '{"formatVersion": 1, "steps": []}', '', 'test' from job returning id, job_id
    ), execution as (
      insert into automation.executions
        (uuid, job_id, job_version_id, number, day, status, requested_by, trigger, parameters, strategy, plan_hash)
      select gen_random_uuid(), job_id, id, 1, (now() at time zone 'utc')::date, '${status}', 'test', 'manual', '{}', '{}', ''
      from version returning id, uuid, day::text
    ), branch as (
      insert into automation.branches
        (uuid, execution_id, number, target_uuid, target_serial, target_name, zone, batch, status, attempt)
      select gen_random_uuid(), id, number, gen_random_uuid(), 'TGT', 'target-' || number, 'default', 1, '${status}', 1
      from execution, generate_series(1, ${branches}) as number returning id, execution_id
    ), step as (
      insert into automation.step_results
        (branch_id, execution_id, index, step_id, name, type, status, branch_attempt, mode, command)
      select id, execution_id, index, 'step', 'step', 'ssh.exec', 'ready', 1, 'attached', 'true'
      from branch, generate_series(0, ${steps} - 1) as index returning 1
    )
    select id::integer as "executionId", uuid, day,
      (select array_agg(id::integer order by id) from branch) as "branchIds" from execution`)
  return row as BranchRows
}
