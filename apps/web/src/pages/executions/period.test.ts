import { expect, test } from 'vitest'
import { beginOf } from './period.ts'

const now = Date.parse('2026-11-21T05:08:33.120Z')

test('today begins with the UTC day, the other periods at a full minute', () => {
  expect(beginOf('today', now)).toBe('2026-11-21T00:00:00.000Z')
  expect(beginOf('24h', now)).toBe('2026-11-20T05:08:00.000Z')
  expect(beginOf('7d', now)).toBe('2026-11-14T05:08:00.000Z')
})

test('within a minute the beginning stays', () => {
  expect(beginOf('30d', now + 20_000)).toBe(beginOf('30d', now))
})
