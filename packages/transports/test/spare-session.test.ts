import { expect, test } from 'vitest'
import { ChannelRefused, type Session } from '../src/ssh/channels.ts'
import { createSpareSessions, type OpeningTime } from '../src/ssh/spare-session.ts'

type Opened = Session & { close: () => void; number: number }

/** A server whose sessions take no time; how long they took before is `times`. */
const startServer = (times: OpeningTime, options: { isHarmless?: boolean; most?: number } = {}) => {
  const opened: Opened[] = []
  const openSession = async (): Promise<Session> => {
    if (opened.length >= (options.most ?? Infinity)) throw new ChannelRefused('full', 'MaxSessions')
    let isClosed = false
    const session: Opened = {
      isClosed: () => isClosed,
      close: () => (isClosed = true),
      number: opened.length,
      exec: async () => {
        throw new Error('not in this test')
      },
    }
    opened.push(session)
    return session
  }
  return { opened, spare: createSpareSessions(openSession, times, options.isHarmless ?? true) }
}
const soon = () => new Promise(setImmediate)

test('a session is opened in advance where a round trip takes time, and only one', async () => {
  const { opened, spare } = startServer({ openMs: 40 })
  spare.refill(1)
  spare.refill(1)
  await soon()
  expect(opened).toHaveLength(1)
  expect(await spare.take()).toBe(opened[0])
})

test('none is where it takes none', async () => {
  const { opened, spare } = startServer({})
  await spare.take() // measures
  spare.refill(1)
  await soon()
  expect(opened).toHaveLength(1)
})

test('one that is on its way is taken by one command only', async () => {
  const { opened, spare } = startServer({ openMs: 40 })
  spare.refill(1)
  const [first, second] = await Promise.all([spare.take(), spare.take()])
  expect([first, second]).toEqual([opened[0], opened[1]])
  expect(first).not.toBe(second)
})

test('one that the server closed is not used', async () => {
  const { opened, spare } = startServer({ openMs: 40 })
  spare.refill(0)
  await soon()
  opened[0]?.close()
  expect(await spare.take()).toBe(opened[1])
})

test('a server without room for it is not asked again', async () => {
  const times = { openMs: 40 }
  const { opened, spare } = startServer(times, { most: 0 })
  spare.refill(1)
  await soon()
  spare.refill(1)
  await soon()
  expect(opened).toEqual([])
})

test('the one opened in advance makes way for a command when there is no room for both', async () => {
  const { opened, spare } = startServer({ openMs: 40 }, { most: 1 })
  spare.refill(0)
  await soon()
  expect(await spare.openNew()).toBe(opened[0])
  await expect(spare.openNew()).rejects.toBeInstanceOf(ChannelRefused)
})

test('a server that is not known to bear it gets none beside running commands', async () => {
  const { opened, spare } = startServer({ openMs: 40 }, { isHarmless: false })
  spare.refill(1)
  await soon()
  expect(opened).toEqual([])
  spare.refill(0)
  await soon()
  expect(opened).toHaveLength(1)
})
