import { expect, test, vi } from 'vitest'
import { cloneDatabase } from '../../../test/database.ts'
import { quiet } from '../../../test/quiet.ts'
import { type Database, openListener } from '../database/index.ts'
import { createWake, type Wake } from './wake.ts'

const openWake = async ({ url, query }: { url: string; query: Database['query'] }) => {
  const listener = await openListener({ url, applicationName: 'wake under test', log: quiet })
  const wake: Wake = await createWake({ query, listener, log: quiet })
  return {
    ...wake,
    [Symbol.asyncDispose]: async () => {
      await wake.close()
      await listener.close()
    },
  }
}

test('what is announced is heard by all threads of the process, each once, and not by those who stopped hearing', async () => {
  await using db = await cloneDatabase()
  await using here = await openWake(db)
  await using there = await openWake(db)
  const heard = vi.fn<(who: string) => void>()
  here.hear('news', () => heard('here'))
  there.hear('news', () => heard('there'))
  there.hear('other', () => heard('other'))
  const stop = there.hear('news', () => heard('stopped'))
  stop()
  here.announce('news')
  here.announce('news')
  await expect.poll(() => heard.mock.calls.flat().toSorted()).toEqual(['here', 'there'])
  // the notification has come back by then, too: it says the same to other processes only
  const echo = new Promise<void>((resolve) => there.hear('later', resolve))
  here.announce('later')
  await echo
  expect(heard.mock.calls).toHaveLength(2)
})

test('inside a process nobody waits for the database', async () => {
  await using db = await cloneDatabase()
  const never: Database['query'] = () => new Promise(() => {})
  const listener = await openListener({ url: db.url, applicationName: 'wake under test', log: quiet })
  const here = await createWake({ query: never, listener, log: quiet })
  await using there = await openWake(db)
  const heard = new Promise<string>((resolve) => there.hear('second', () => resolve('second')))
  here.announce('first')
  await Promise.resolve()
  here.announce('second')
  expect(await heard).toBe('second')
  await listener.close()
})

test('other processes hear by notification', async () => {
  await using db = await cloneDatabase()
  await using wake = await openWake(db)
  const heard = vi.fn<() => void>()
  wake.hear('far', heard)
  await db.query('select pg_notify($1, $2)', ['opsconductor', 'another process\nfar\nnear'])
  await expect.poll(() => heard.mock.calls.length).toBe(1)
})

test('what is announced while everything stops reaches nobody, and breaks nothing', async () => {
  await using db = await cloneDatabase()
  const failed = vi.fn<(error: unknown) => void>()
  process.on('unhandledRejection', failed)
  try {
    const wake = await openWake(db)
    await wake[Symbol.asyncDispose]()
    const heard = new Promise<void>((resolve) => wake.hear('late', resolve))
    wake.announce('late')
    await heard
    await new Promise((resolve) => setImmediate(resolve)) // an unhandled rejection is told by then
    expect(failed).not.toHaveBeenCalled()
  } finally {
    process.off('unhandledRejection', failed)
  }
})
