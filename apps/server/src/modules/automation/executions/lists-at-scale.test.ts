import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertExecution } from '../../../../test/branch-rows.ts'
import { cloneDatabase, type TestDatabase } from '../../../../test/database.ts'
import { type ExecutionFilter, selectExecutionIds } from './execution-list.store.ts'

const executions = 30_000

let database: TestDatabase
beforeAll(async () => {
  database = await cloneDatabase()
  const { executionId } = await insertExecution(database, { status: 'completed' })
  // few are cancelled; nearly all of them bob's, and of ann's only the oldest
  await database.asOwner(`
    insert into automation.executions
      (uuid, job_id, job_version_id, number, day, status, requested_by, trigger, parameters, strategy, plan_hash)
    select gen_random_uuid(), job_id, job_version_id, 1 + n, day,
      case when n <= 3 or n % 100 = 1 then 'cancelled' else 'completed' end,
      case when n % 2 = 0 or n <= 3 then 'ann' else 'bob' end, 'manual', '{}', '{}', ''
    from automation.executions, generate_series(1, ${executions}) as n where id = ${executionId};
    analyze automation.executions`)
})
afterAll(() => database?.[Symbol.asyncDispose]())

/** A page, and how many rows of executions were read for it. */
const pageOf = (filter: ExecutionFilter) =>
  database.kysely.transaction().execute(async (db) => {
    const ids = await selectExecutionIds(db, filter, null, 50)
    const { rows } = await sql<{ read: number }>`
      select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as read
      from pg_stat_xact_user_tables where relid = 'automation.executions'::regclass`.execute(db)
    return { ids, read: rows[0]?.read }
  })

test('what one person asked for and seldom ended so is found without looking at all they asked for', async () => {
  const { ids, read } = await pageOf({ q: 'ann', status: 'cancelled' })
  expect(ids).toHaveLength(3)
  expect(read).toBeLessThan(executions / 75)
})

test('a page of what ended so more often reads no more', async () => {
  const { ids, read } = await pageOf({ q: 'bob', status: 'cancelled' })
  expect(ids).toHaveLength(50)
  expect(read).toBeLessThan(executions / 75)
})
