import { type Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import { cloneDatabase } from '../../../test/database.ts'
import type { DB } from './schema.gen.ts'

const draw = async (db: Kysely<DB>, kind = 'JOB') => {
  const { rows } = await sql<{ serial: string }>`select kernel.next_serial(${kind}) as serial`.execute(db)
  return rows[0]?.serial ?? ''
}

const year = new Date().getUTCFullYear()

test('serials of a kind count up from one within a year', async () => {
  await using db = await cloneDatabase()
  expect(await draw(db.kysely)).toBe(`JOB-${year}-000001`)
  expect(await draw(db.kysely)).toBe(`JOB-${year}-000002`)
  expect(await draw(db.kysely, 'TGT')).toBe(`TGT-${year}-000001`)
})

test('a hundred transactions at once draw a hundred serials without a gap', async () => {
  await using db = await cloneDatabase()
  const drawn = await Promise.all(
    Array.from({ length: 100 }, () => db.kysely.transaction().execute((trx) => draw(trx))),
  )
  const expected = Array.from({ length: 100 }, (_, index) => `JOB-${year}-${String(index + 1).padStart(6, '0')}`)
  expect(drawn.sort()).toEqual(expected)
})

test('a transaction that is undone gives its serial back', async () => {
  await using db = await cloneDatabase()
  const undone = db.kysely.transaction().execute(async (trx) => {
    await draw(trx)
    throw new Error('undo')
  })
  await expect(undone).rejects.toThrow('undo')
  expect(await draw(db.kysely)).toBe(`JOB-${year}-000001`)
})

test('the millionth serial has seven digits', async () => {
  await using db = await cloneDatabase()
  await draw(db.kysely)
  await db.asOwner('update kernel.serial_counters set last = 999999')
  expect(await draw(db.kysely)).toBe(`JOB-${year}-1000000`)
})

test('the application cannot set a counter itself, nor invent a kind', async () => {
  await using db = await cloneDatabase()
  await draw(db.kysely)
  await expect(sql`update kernel.serial_counters set last = 1`.execute(db.kysely)).rejects.toThrow('permission denied')
  await expect(draw(db.kysely, 'jobs')).rejects.toThrow('serial_counters_kind_check')
})
