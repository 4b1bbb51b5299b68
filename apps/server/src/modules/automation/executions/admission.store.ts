import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import type { LockedExecution } from './executions.store.ts'

const admissionLock = 7_206_355_114

/**
 * Admission is one at a time, and so is everything that takes or frees what is held: two at once must not both take the
 * last place, nor wait for each other. Whoever takes this lock waits for no other execution's row after it.
 */
export const lockAdmission = async (db: Kysely<DB>) => {
  await sql`select pg_advisory_xact_lock(${sql.lit(admissionLock)})`.execute(db)
}

export type Admitted = LockedExecution & { isFirst: boolean }

/**
 * Lets waiting executions run, as long as fewer than `most` do: those with a higher priority first; among them by turns,
 * so that the job of which the fewest run is next, or which began one the longest time ago; within a job first come. One that wants its job for itself waits until
 * nothing else of the job runs, and what comes after it waits behind it.
 *
 * One that somebody else has locked at this moment is passed over; it comes with the next admission.
 * Call it with the admission locked. @returns those that run now, in their order; `isFirst` unless it was paused meanwhile
 */
export const admitWaiting = async (db: Kysely<DB>, most: number): Promise<Admitted[]> => {
  const { rows } = await sql<Admitted>`
    with place as (
      select greatest(0, ${most} - count(*)) as count from automation.executions where status = 'running'
    ), present as (
      select job_id, count(*) as count from automation.executions
      where status = 'running' or (status in ('queued', 'paused') and started_at is not null)
      group by job_id
    ), waiting as (
      select id, job_id, priority, started_at is not null as has_begun,
        coalesce(strategy ->> 'exclusive' = 'job', false) as is_alone,
        row_number() over job as turn,
        coalesce(bool_or(strategy ->> 'exclusive' = 'job')
          over (job rows between unbounded preceding and 1 preceding), false) as is_behind_alone
      from automation.executions
      where status = 'queued' and cancel_requested_at is null and (select count from place) > 0
      window job as (partition by job_id order by priority desc, id)
    ), job as (
      select job_id, (select max(started_at) from automation.executions where executions.job_id = one.job_id) as last
      from (select distinct job_id from waiting) as one
    ), next as (
      select waiting.id
      from waiting
      join job using (job_id)
      left join present using (job_id)
      left join automation.job_holds as hold using (job_id)
      where has_begun -- it was paused: what it is alone with, it has kept
        or (hold.execution_id is null and not is_behind_alone
          and (not is_alone or (turn = 1 and present.count is null)))
      order by priority desc, coalesce(present.count, 0) + turn, job.last nulls first, waiting.id
      limit (select count from place)
    ), locked as (
      select id, job_id, started_at is null as is_first, coalesce(strategy ->> 'exclusive' = 'job', false) as is_alone
      from automation.executions
      where id in (select id from next) and status = 'queued'
      for update skip locked
    ), held as (
      insert into automation.job_holds as hold (job_id, execution_id)
      select job_id, id from locked where is_alone
      on conflict (job_id) do update set execution_id = excluded.execution_id
        where hold.execution_id = excluded.execution_id
      returning execution_id
    )
    update automation.executions as execution
    set status = 'running', started_at = coalesce(started_at, clock_timestamp()), change_seq = change_seq + 1,
      deadline_at = coalesce(deadline_at, clock_timestamp() + make_interval(secs => timeout_sec))
    from locked
    where execution.id = locked.id and (not is_alone or execution.id in (select execution_id from held))
    returning execution.*, locked.is_first`.execute(db)
  return rows.toSorted((a, b) => b.priority - a.priority || a.id - b.id)
}

/** Call it with the admission locked, in the transaction that closes the execution. */
export const freeJob = async (db: Kysely<DB>, executionId: number) => {
  await db.deleteFrom('automation.jobHolds').where('executionId', '=', executionId).execute()
}
