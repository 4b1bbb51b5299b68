import { pino } from 'pino'
import { expect, test } from 'vitest'
import { startAppToLeaveAlone } from '../test/away.ts'
import { openLive } from '../test/live.ts'

test('a database that is away ends no session: a live connection says so, and closes to be tried again', async () => {
  await using world = await startAppToLeaveAlone()
  await using before = await openLive(world.app)
  await world.takeAway()

  before.subscribe('it', { topic: 'execution', ref: 'JOB-2026-000001.1', from: 0 })
  await before.until((frame) => frame.type === 'problem')
  expect(before.frames.at(-1)).toMatchObject({ id: 'it', problem: { code: 'unavailable' } })

  await using later = await openLive(world.app)
  expect(await later.closed).toBe(1011)
  expect(later.frames.at(-1)).toMatchObject({ type: 'problem', problem: { code: 'unavailable' } })
})

test('a database that is away is told as that, and as a warning in the log', async () => {
  const lines: { level: number; msg: string }[] = []
  const log = pino(
    { level: 'warn' },
    { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]) },
  )
  await using world = await startAppToLeaveAlone({ log })
  await world.takeAway()

  const { accessToken } = world.app.admin
  const asks: [string, RequestInit][] = [
    ['targets', { headers: { authorization: `Bearer ${accessToken}` } }],
    [
      'auth/login',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admin', password: 'a wrong one' }),
      },
    ],
  ]
  for (const [path, init] of asks) {
    const answer = await fetch(`${world.app.url}/api/v1/${path}`, init)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
    expect(await answer.json()).toMatchObject({
      code: 'unavailable',
      detail: 'The database does not answer. Try again in a moment.',
    })
  }
  expect(lines.filter(({ msg }) => msg === 'a request failed')).toMatchObject([{ level: 40 }, { level: 40 }])
  expect(lines.filter(({ level }) => level > 40)).toEqual([])
})
