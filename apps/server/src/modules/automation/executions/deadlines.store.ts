import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** Executions whose time is over, and that nobody has stopped yet. */
export const selectOverdue = async (db: Kysely<DB>, limit: number): Promise<number[]> =>
  (
    await db
      .selectFrom('automation.executions')
      .select('id')
      .where('status', 'in', ['queued', 'running', 'paused'])
      .where('deadlineAt', '<=', sql<Date>`clock_timestamp()`)
      .where('cancelRequestedAt', 'is', null)
      .orderBy('deadlineAt')
      .limit(limit)
      .execute()
  ).map(({ id }) => id)

/** Whether an execution was stopped because its time was over. */
export const isStoppedByTime = async (db: Kysely<DB>, id: number): Promise<boolean> =>
  (await db.selectFrom('automation.executions').select('timedOutAt').where('id', '=', id).executeTakeFirstOrThrow())
    .timedOutAt !== null
