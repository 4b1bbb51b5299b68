import { expect, test } from 'vitest'
import {
  anchorAt,
  anchorShowing,
  endAnchor,
  type Geometry,
  moveBy,
  rowHeight,
  rowsAt,
  scrollTopOf,
  spacerHeight,
  spacerMax,
} from './viewport.ts'

const plain = (total: number, height = 480): Geometry => ({ total, height, heightOf: () => rowHeight })
const wrapped: Geometry = { total: 100, height: 480, heightOf: (line) => (line % 10 === 0 ? 240 : rowHeight) }

test('the element that scrolls is never taller than browsers bear', () => {
  expect(spacerHeight(plain(100))).toBe(2400)
  expect(spacerHeight(plain(1_000_000))).toBe(spacerMax)
  expect(spacerHeight(plain(3))).toBe(480)
})

test('every line of a million can be the top one, and goes back to its place', () => {
  const geometry = plain(1_000_000)
  for (const line of [1, 2, 500_000, 987_654, 999_980]) {
    expect(anchorAt(scrollTopOf({ line, offset: 0 }, geometry), geometry).line).toBe(line)
  }
  expect(anchorAt(spacerMax, geometry)).toEqual({ line: 999_981, offset: 0 })
})

test('small steps move by real heights', () => {
  expect(moveBy({ line: 9, offset: 0 }, 24 + 100, wrapped)).toEqual({ line: 10, offset: 100 })
  expect(moveBy({ line: 10, offset: 100 }, -124, wrapped)).toEqual({ line: 9, offset: 0 })
  expect(moveBy({ line: 1, offset: 0 }, -50, wrapped)).toEqual({ line: 1, offset: 0 })
})

test('the end shows the last line at the lower edge', () => {
  expect(endAnchor(plain(100))).toEqual({ line: 81, offset: 0 })
  expect(endAnchor(plain(5))).toEqual({ line: 1, offset: 0 })
  expect(moveBy({ line: 50, offset: 0 }, 1e6, wrapped)).toEqual(endAnchor(wrapped))
})

test('a line that is linked to lies in the upper third', () => {
  expect(anchorShowing(987_654, plain(1_000_000))).toEqual({ line: 987_647, offset: 8 })
  expect(anchorShowing(2, plain(1_000_000))).toEqual({ line: 1, offset: 0 })
  expect(anchorShowing(500, plain(100))).toEqual({ line: 81, offset: 0 })
})

test('rows fill the viewport, with a few around', () => {
  expect(rowsAt({ line: 50, offset: 10 }, plain(1000), 5)).toEqual({ first: 45, last: 75, top: -130 })
  expect(rowsAt({ line: 1, offset: 0 }, plain(3), 5)).toEqual({ first: 1, last: 3, top: 0 })
})
