import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import { lockExecution } from './executions.store.ts'

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

/** Why an execution is to be stopped, if it is. Its row is locked: nothing changes that any more. */
export const lockStop = async (db: Kysely<DB>, id: number): Promise<'cancelled' | 'timeout' | null> => {
  const { timedOutAt, cancelRequestedAt } = await lockExecution(db, id)
  if (timedOutAt !== null) return 'timeout'
  return cancelRequestedAt === null ? null : 'cancelled'
}
