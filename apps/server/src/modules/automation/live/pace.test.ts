import { expect, test } from 'vitest'
import { createTurns } from './pace.ts'

test('after a silence so many turns come at once, then one in a while', () => {
  let now = 1_000
  const turn = createTurns({ everyMs: 20, burst: 3 }, () => now)
  const taken: number[] = []
  for (let time = 0; time < 6; time++) {
    now += turn()
    taken.push(now - 1_000)
  }
  expect(taken).toEqual([0, 0, 0, 20, 40, 60])
  now += 1_000
  expect([turn(), turn(), turn(), turn()]).toEqual([0, 0, 0, 20])
})

test('a burst of one is one in a while', () => {
  let now = 0
  const turn = createTurns({ everyMs: 250, burst: 1 }, () => now)
  expect([turn(), turn()]).toEqual([0, 250])
  now = 900
  expect(turn()).toBe(0)
})
