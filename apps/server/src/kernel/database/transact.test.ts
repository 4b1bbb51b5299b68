import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { cloneDatabase } from '../../../test/database.ts'
import { transact } from './transact.ts'

const numbers = async () => {
  const db = await cloneDatabase()
  await db.asOwner(`
    create table public.numbers (n integer, constraint numbers_n_key unique (n));
    grant select, insert on public.numbers to public`)
  const stored = async () => (await sql<{ n: number }>`select n from public.numbers order by n`.execute(db.kysely)).rows
  return { ...db, stored }
}
const add = (n: number) => sql`insert into public.numbers values (${n})`

test('what is asked together happens in the order of asking, in one transaction', async () => {
  await using db = await numbers()
  const seen = await transact(db.kysely, async (trx) => {
    const count = () => sql<{ n: number }>`select count(*) as n from public.numbers`.execute(trx)
    const built = () => trx.selectNoFrom(sql<number>`(select count(*) from public.numbers)`.as('n')).execute()
    const answers = await Promise.all([count(), add(1).execute(trx), built(), add(2).execute(trx), count(), built()])
    expect(await db.stored()).toEqual([])
    return answers.map((answer) => ('rows' in answer ? answer.rows : answer))
  })
  expect(seen).toEqual([[{ n: 0 }], [], [{ n: 1 }], [], [{ n: 2 }], [{ n: 2 }]])
  expect(await db.stored()).toEqual([{ n: 1 }, { n: 2 }])
})

test('when one of them fails, nothing is kept, and the connection is good for the next', async () => {
  await using db = await numbers()
  const twice = transact(db.kysely, (trx) =>
    Promise.all([add(1), add(2), add(1), add(3)].map((one) => one.execute(trx))),
  )
  await expect(twice).rejects.toMatchObject({ constraint: 'numbers_n_key' })
  await transact(db.kysely, (trx) => add(4).execute(trx))
  expect(await db.stored()).toEqual([{ n: 4 }])
})

test('who goes on when the transaction is over changes nothing', async () => {
  await using db = await numbers()
  const failed = Promise.withResolvers<void>()
  const late: Promise<unknown>[] = []
  const transacting = transact(db.kysely, async (trx) => {
    late.push(
      add(1)
        .execute(trx)
        .then(() => failed.promise)
        .then(() => add(2).execute(trx)),
    )
    await sql`select 1 / ${0}::integer`.execute(trx)
  })
  await expect(transacting).rejects.toMatchObject({ code: '22012' })
  failed.resolve()
  expect(await Promise.allSettled(late)).toMatchObject([{ status: 'rejected' }])
  expect(await db.stored()).toEqual([])
})
