import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** Branches that wait for an executor, by zone, and how long the first of them has. Reads only executions that are open. */
export const selectQueues = async (db: Kysely<DB>): Promise<{ zone: string; depth: number; lagSec: number }[]> => {
  const { rows } = await sql<{ zone: string; depth: number; lagSec: number }>`
    select branch.zone, count(*)::int as depth, 
      greatest(0, extract(epoch from clock_timestamp() - min(branch.queued_at)))::float8 as lag_sec
    from automation.executions as execution
    join automation.branches as branch on branch.execution_id = execution.id and branch.status = 'queued'
    where execution.status in ('running', 'paused')
    group by branch.zone order by branch.zone`.execute(db)
  return rows
}

/** Executions that are open, by state, and how many of them need somebody. */
export const countOpenExecutions = async (db: Kysely<DB>) => {
  const { rows } = await sql<{ status: string; count: number; attention: number }>`
    select status, count(*)::int as count, (count(*) filter (where needs_attention))::int as attention
    from automation.executions where status in ('scheduled', 'queued', 'running', 'paused')
    group by status`.execute(db)
  return rows
}
