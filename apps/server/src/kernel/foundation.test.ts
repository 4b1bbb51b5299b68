import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { cloneDatabase } from '../../test/database.ts'
import { quiet } from '../../test/quiet.ts'
import { until } from '../../test/until.ts'
import { openFoundation } from './foundation.ts'

test('a thread holds at most 8 connections, however much it asks', async () => {
  await using database = await cloneDatabase()
  const foundation = await openFoundation({
    databaseUrl: database.url,
    masterKeys: [{ version: 1, key: randomBytes(32) }],
    isQueueMaintainer: true,
    log: quiet,
  })
  try {
    await Promise.all(Array.from({ length: 50 }, () => foundation.database.query('select pg_sleep(0.05)')))
    const held = await database.asOwner(
      `select from pg_stat_activity where datname = current_database() and application_name like 'opsconductor%'`,
    )
    expect(held).toHaveLength(8)
  } finally {
    await foundation.close()
  }
})

test('a start that fails half-way leaves no connection open, so that the process ends', async () => {
  await using database = await cloneDatabase()
  const connections = () =>
    database.asOwner(
      `select application_name from pg_stat_activity
       where datname = '${new URL(database.url).pathname.slice(1)}' and application_name like 'opsconductor%'`,
    )
  const options = {
    databaseUrl: database.url,
    masterKeys: [{ version: 1, key: randomBytes(32) }],
    isQueueMaintainer: true,
    log: quiet,
  }
  const foundation = await openFoundation(options)
  expect(await connections()).not.toEqual([])
  await foundation.close()

  // after everything else is open, the queue cannot be
  await database.asOwner('drop schema pgboss cascade')
  await expect(openFoundation(options)).rejects.toThrow('pg-boss is not installed')
  await until(async () => (await connections()).length === 0)
})
