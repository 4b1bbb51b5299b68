import type { Executor } from '@opsconductor/contract'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** Executors say every 3 s that they live; one that missed four of them is not counted upon. */
const liveSec = 12
/** One that fell silent can be seen for a day. */
const shownHours = 24

export type ExecutorState = { name: string; zone: string; slots: number; running: number; startedAt: Date }

export const upsertExecutor = async (db: Kysely<DB>, executor: ExecutorState) => {
  const { name: _, ...state } = executor
  await db
    .insertInto('automation.executors')
    .values(executor)
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ ...state, seenAt: sql`now()` }))
    .execute()
}

export const deleteExecutor = async (db: Kysely<DB>, name: string) => {
  await db.deleteFrom('automation.executors').where('name', '=', name).execute()
}

export const deleteForgotten = async (db: Kysely<DB>) => {
  await db
    .deleteFrom('automation.executors')
    .where('seenAt', '<', sql<Date>`now() - make_interval(hours => ${shownHours})`)
    .execute()
}

export type ExecutorRow = Selectable<DB['automation.executors']> & { isLive: boolean }

export const selectExecutors = (db: Kysely<DB>): Promise<ExecutorRow[]> =>
  db
    .selectFrom('automation.executors')
    .selectAll()
    .select(sql<boolean>`seen_at > now() - make_interval(secs => ${liveSec})`.as('isLive'))
    .orderBy('zone')
    .orderBy('name')
    .execute()

export const toExecutor = ({ startedAt, seenAt, ...row }: ExecutorRow): Executor => ({
  ...row,
  startedAt: startedAt.toISOString(),
  seenAt: seenAt.toISOString(),
})
