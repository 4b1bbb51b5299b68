import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

const daysAhead = 7

/** Makes the partitions of the next days; harmless when they exist. */
export const makePartitions = async (db: Kysely<DB>) => {
  await sql`select automation.make_partitions(${daysAhead})`.execute(db)
}

/** Executions by state, for the dashboard; "today" is the UTC day. */
export const executionCounts = (db: Kysely<DB>) =>
  db
    .selectFrom('automation.executions')
    .select([
      sql<number>`count(*) filter (where status in ('queued', 'scheduled'))`.as('queued'),
      sql<number>`count(*) filter (where status in ('running', 'paused'))`.as('running'),
      sql<number>`count(*) filter (where status = 'completed')`.as('completedToday'),
      sql<number>`count(*) filter (where status = 'failed')`.as('failedToday'),
      sql<number>`count(*) filter (where needs_attention)`.as('needingAttention'),
    ])
    .where((where) =>
      where.or([
        where('status', 'in', ['queued', 'scheduled', 'running', 'paused']),
        where('queuedAt', '>=', sql<Date>`date_trunc('day', now(), 'utc')`),
      ]),
    )
    .executeTakeFirstOrThrow()
