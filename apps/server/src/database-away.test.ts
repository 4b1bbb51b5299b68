import { expect, test } from 'vitest'
import { startAppToLeaveAlone } from '../test/away.ts'
import { openLive } from '../test/live.ts'

test('a database that is away ends no session: a live connection says so, and closes to be tried again', async () => {
  await using world = await startAppToLeaveAlone()
  await using before = await openLive(world.app)
  await world.takeAway()

  before.subscribe('list', { topic: 'execution', ref: 'JOB-2026-000001.1', from: 0 })
  await before.until((frame) => frame.type === 'problem')
  expect(before.frames.at(-1)).toMatchObject({ id: 'list', problem: { status: expect.toBeOneOf([500, 503]) } })

  await using later = await openLive(world.app)
  expect(await later.closed).toBe(1011)
  expect(later.frames.at(-1)).toMatchObject({ type: 'problem', problem: { status: expect.toBeOneOf([500, 503]) } })
})
