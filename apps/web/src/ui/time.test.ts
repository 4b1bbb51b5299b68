import { expect, test } from 'vitest'
import { absoluteTime, duration, relativeTime } from './time.ts'

const now = Date.parse('2026-11-21T12:00:00Z')

test('a moment is told by its distance for a week, then by its date', () => {
  expect(relativeTime('2026-11-21T11:59:55Z', now, 'UTC')).toBe('just now')
  expect(relativeTime('2026-11-21T11:57:00Z', now, 'UTC')).toBe('3 minutes ago')
  expect(relativeTime('2026-11-20T11:00:00Z', now, 'UTC')).toBe('yesterday')
  expect(relativeTime('2026-10-01T11:00:00Z', now, 'UTC')).toBe('1 Oct 2026')
})

test('a full time is told in the zone of the person', () => {
  expect(absoluteTime('2026-11-21T12:00:00Z', 'Europe/Berlin')).toContain('13:00:00')
})

test('a duration keeps the digits that matter', () => {
  expect([0, 85, 4_200, 200_000, 7_500_000].map(duration)).toEqual([
    '< 1 ms',
    '85 ms',
    '4.2 s',
    '3 min 20 s',
    '2 h 05 min',
  ])
})
