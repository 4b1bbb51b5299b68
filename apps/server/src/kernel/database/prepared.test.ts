import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { cloneDatabase } from '../../../test/database.ts'
import { createStatementNames } from './prepared.ts'

test('a statement is prepared when it has come three times', async () => {
  await using db = await cloneDatabase()
  const prepared = await db.kysely.connection().execute(async (one) => {
    const add = () => sql<{ plus: number }>`select ${1}::integer + 1 as plus`.execute(one)
    const seen: number[] = []
    for (let time = 1; time <= 4; time++) {
      expect((await add()).rows).toEqual([{ plus: 2 }])
      const { rows } = await sql<{ n: number }>`
        select count(*) as n from pg_prepared_statements where statement like '%as plus'`.execute(one)
      seen.push(rows[0]?.n ?? 0)
    }
    return seen
  })
  expect(prepared).toEqual([0, 0, 1, 1])
})

test('when the columns of a prepared statement change, it fails once and then goes on', async () => {
  await using db = await cloneDatabase()
  await db.asOwner('create table public.changing (a integer); grant select on public.changing to public')
  const read = () => sql`select * from public.changing where a is distinct from ${0}::integer`.execute(db.kysely)
  for (let time = 0; time < 5; time++) await read()
  await db.asOwner('alter table public.changing add b integer')
  const outcomes = await Promise.allSettled([read()])
  expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: '0A000' } })
  for (let time = 0; time < 5; time++) await read()
})

test('long lists of rows and what comes once or twice have no name', () => {
  const names = createStatementNames()
  const times = (text: string) => [names.nameOf(text), names.nameOf(text), names.nameOf(text), names.nameOf(text)]
  const [first, second, third, fourth] = times('select $1')
  expect([first, second]).toEqual([undefined, undefined])
  expect(third).toBeDefined()
  expect(fourth).toBe(third)
  expect(times(`insert ${'x'.repeat(10_000)}`).every((name) => name === undefined)).toBe(true)
  names.forget()
  expect(times('select $1').at(-1)).not.toBe(third)
})
