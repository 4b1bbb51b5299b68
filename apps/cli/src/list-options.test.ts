import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { pastTime } from './list-options.ts'

test('a moment is a time, a day where one is, or how long ago', () => {
  expect(pastTime('2026-11-21T08:00Z')).toBe('2026-11-21T08:00:00.000Z')
  expect(pastTime('2026-11-21T08:00+02:00')).toBe('2026-11-21T06:00:00.000Z')
  expect(pastTime('2026-11-21')).toBe(new Date(2026, 10, 21).toISOString())
  const dayMs = 86_400_000
  expect(Math.abs(Date.parse(pastTime('7d')) - (Date.now() - 7 * dayMs))).toBeLessThan(5_000)
  expect(Math.abs(Date.parse(pastTime('90m')) - (Date.now() - 90 * 60_000))).toBeLessThan(5_000)
})

test.each(['yesterday', '', '7w', '2026-13-40', '-3d', '99999999999d'])('%j is no moment', (text) => {
  expect(() => pastTime(text)).toThrow(InvalidArgumentError)
})
