import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { cloneDatabase } from '../../../test/database.ts'
import { jsonb } from './values.ts'

test('values leave the database as the generated types say', async () => {
  await using db = await cloneDatabase()
  const { rows } = await sql`
    select 9007199254740991::bigint as big, '2026-02-03'::date as day, 1.50::numeric as amount, count(*) as n,
      '2026-02-03 04:05:06+02'::timestamptz as at, '{"snake_key": [1]}'::jsonb as doc, '\\x00ff'::bytea as bytes, array[1, 2]::bigint[] as bigs
    from (values (1)) as one`.execute(db.kysely)
  expect(rows).toEqual([
    {
      big: Number.MAX_SAFE_INTEGER,
      day: '2026-02-03',
      amount: '1.50',
      n: 1,
      at: new Date('2026-02-03T02:05:06Z'),
      doc: { snake_key: [1] },
      bytes: Buffer.from([0, 255]),
      bigs: [1, 2],
    },
  ])
})

test('a number that JavaScript would round is an error', async () => {
  await using db = await cloneDatabase()
  await expect(sql`select 9007199254740993::bigint as big`.execute(db.kysely)).rejects.toThrow('too large for a number')
})

test('arrays, strings and null survive the way into jsonb', async () => {
  await using db = await cloneDatabase()
  for (const value of [[1, 'a', { b: null }], 'text', null, 7, { deep: ['x'] }]) {
    const { rows } = await sql<{ doc: unknown }>`select ${jsonb(value)} as doc`.execute(db.kysely)
    expect(rows).toEqual([{ doc: value }])
  }
})
