import { sql } from 'kysely'
import { expect, test, vi } from 'vitest'
import { cloneDatabase } from '../../../test/database.ts'
import { quiet } from '../../../test/quiet.ts'
import { openListener } from './listen.ts'

const applicationName = 'listener under test'

test('a listener hears its channels and no others', async () => {
  await using db = await cloneDatabase()
  const listener = await openListener({ url: db.url, applicationName, log: quiet })
  const heard: string[] = []
  const stop = await listener.listen('Some channel', (payload) => heard.push(payload))
  await sql`select pg_notify('Some channel', 'one'), pg_notify('another', 'x'), pg_notify('Some channel', '')`.execute(
    db.kysely,
  )
  await expect.poll(() => heard).toEqual(['one', ''])
  stop()
  const later = vi.fn<(payload: string) => void>()
  await listener.listen('Some channel', later)
  await sql`select pg_notify('Some channel', 'two')`.execute(db.kysely)
  await expect.poll(() => later.mock.calls).toEqual([['two']])
  expect(heard).toEqual(['one', ''])
  await listener.close()
})

test('a listener whose connection broke says that it had a gap, and hears again', async () => {
  await using db = await cloneDatabase()
  const listener = await openListener({ url: db.url, applicationName, log: quiet })
  const heard: string[] = []
  const gap = vi.fn<() => void>()
  listener.onGap(gap)
  await listener.listen('news', (payload) => heard.push(payload))
  for (let round = 1; round <= 3; round++) {
    await db.asOwner(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${applicationName}'`,
    )
    await expect.poll(() => gap.mock.calls.length, { timeout: 30_000 }).toBe(round)
    await sql`select pg_notify('news', ${String(round)})`.execute(db.kysely)
    await expect.poll(() => heard.length).toBe(round)
  }
  expect(heard).toEqual(['1', '2', '3'])
  await listener.close()
})

test('a channel asked for while the connection is down is heard after it is back', async () => {
  await using db = await cloneDatabase()
  const listener = await openListener({ url: db.url, applicationName, log: quiet })
  const heard: string[] = []
  await db.asOwner(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${applicationName}'`,
  )
  await listener.listen('news', (payload) => heard.push(payload))
  await sql`select pg_notify('news', 'x')`.execute(db.kysely)
  await expect.poll(() => heard).toEqual(['x'])
  await listener.close()
})

test('a listener that cannot connect at first says so', async () => {
  await using db = await cloneDatabase()
  const url = `${db.url}_missing`
  await expect(openListener({ url, applicationName, log: quiet })).rejects.toThrow('does not exist')
})
