import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { createPrinter, displayWidth, exitCodes, exitMeanings, oneLine, shownDuration, tableLines } from './print.ts'
import { remembering } from './testing/world.ts'

const columns = [
  { title: 'name', value: (row: string[]) => row[0] ?? '' },
  { title: 'note', value: (row: string[]) => row[1] ?? '' },
]

test('columns are as wide as their widest cell, wide characters counted', () => {
  expect(
    tableLines(columns, [
      ['web1', 'a'],
      ['サーバー', 'b'],
    ]),
  ).toEqual(['NAME      NOTE', 'web1      a', 'サーバー  b'])
})

test('on a terminal the last column gives way', () => {
  expect(tableLines(columns, [['web1', 'a very long note']], 18)[1]).toBe('web1  a very long…')
})

test('a cell cannot move the cursor or start a new line', () => {
  expect(tableLines(columns, [['a\u001b[2Jb', 'c\nd\te']])[1]).toBe('ab    c d e')
  expect(oneLine('\u001b]0;title\u0007x')).toBe('x')
})

test('widths are those of a terminal', () => {
  expect(['abc', 'é', 'e\u0301', '日本', '🚀'].map(displayWidth)).toEqual([3, 1, 1, 4, 2])
})

test('durations read as people say them', () => {
  expect([350, 4200, 185_000, 7_800_000].map(shownDuration)).toEqual(['350 ms', '4.2 s', '3 min 5 s', '2 h 10 min'])
})

test('colours are only for terminals, and only where they are wanted', () => {
  for (const { isTTY, isColoured, expected } of [
    { isTTY: true, isColoured: true, expected: '\u001b[31mno\u001b[39m\n' },
    { isTTY: true, isColoured: false, expected: 'no\n' },
    { isTTY: false, isColoured: true, expected: 'no\n' },
  ]) {
    const stderr = remembering()
    const print = createPrinter({
      stdout: remembering().out,
      stderr: { ...stderr.out, isTTY },
      isJson: false,
      isColoured,
    })
    print.note('no', 'red')
    expect(stderr.text()).toBe(expected)
  }
})

test('every exit code has a number of its own, a meaning, and a line in the README', async () => {
  const codes = Object.values(exitCodes)
  expect(new Set(codes).size).toBe(codes.length)
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const rows = readme.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  for (const [name, meaning] of Object.entries(exitMeanings)) {
    expect(rows).toContainEqual(['', String(exitCodes[name as keyof typeof exitCodes]), meaning, ''])
  }
})
