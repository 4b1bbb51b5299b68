import type { OutputLine, OutputPage } from '@opsconductor/contract'
import { expect, test } from 'vitest'
import { createLines, pageSize } from './lines.ts'

const line = (line: number, seq: number, text: string, more: Partial<OutputLine> = {}): OutputLine => ({
  line,
  seq,
  text,
  at: '2026-01-01T00:00:00.000Z',
  step: 0,
  stream: 'stdout',
  continues: false,
  ...more,
})
const page = (items: OutputLine[], more: Partial<OutputPage> = {}): OutputPage => ({
  items,
  nextCursor: null,
  nextLine: null,
  totalLines: items.at(-1)?.line ?? 0,
  lastSeq: items.at(-1)?.seq ?? 0,
  isComplete: false,
  ...more,
})

test('a page and live frames that overlap make each line once', () => {
  const lines = createLines()
  lines.addPage(0, page([line(1, 1, 'one'), line(2, 2, 'two')]))
  lines.addLive([line(2, 2, 'two'), line(3, 3, 'three')], { seq: 3, isComplete: false })
  expect([1, 2, 3].map((number) => lines.line(number)?.text)).toEqual(['one', 'two', 'three'])
  expect(lines.total).toBe(3)
  expect(lines.lastSeq).toBe(3)
})

test('pieces of a line are joined by sequence, however they arrive', () => {
  const lines = createLines()
  lines.expect(0)
  lines.addLive([line(1, 1, 'a', { continues: true })], { seq: 1, isComplete: false })
  lines.addLive([line(1, 3, 'c')], { seq: 3, isComplete: false })
  expect(lines.line(1)?.text).toBe('ac')
  lines.addPage(0, page([line(1, 1, 'a', { continues: true }), line(1, 2, 'b', { continues: true }), line(1, 3, 'c')]))
  expect(lines.line(1)?.text).toBe('abc')
  expect(lines.line(1)?.isOpen).toBe(false)
})

test('several pieces of a line in one chunk are kept together', () => {
  const lines = createLines()
  const pieces = [line(1, 1, 'a', { continues: true }), line(1, 1, 'b')]
  lines.addPage(0, page(pieces))
  lines.addLive(pieces, { seq: 1, isComplete: false })
  expect(lines.line(1)?.text).toBe('ab')
})

test('an unfinished line that nothing follows stays open', () => {
  const lines = createLines()
  lines.addPage(0, page([line(1, 1, 'password: ', { continues: true })]))
  expect(lines.line(1)?.isOpen).toBe(true)
})

test('a missing chunk names the pages to fetch again', () => {
  const lines = createLines()
  lines.addPage(0, page([line(1, 1, 'one')]))
  expect(lines.addLive([line(2, 2, 'two')], { seq: 2, isComplete: false })).toEqual([])
  expect(lines.addLive([line(pageSize + 5, 9, 'later')], { seq: 9, isComplete: false })).toEqual([0, 1])
  expect(lines.isLoaded(0)).toBe(false)
  expect(lines.missing(1, pageSize + 5)).toEqual([0, 1])
})

test('a page that grows live from its first line on needs no fetch', () => {
  const lines = createLines()
  const first = Array.from({ length: pageSize }, (_, index) => line(index + 1, 1, 'x'))
  lines.addPage(0, page(first))
  lines.addLive([line(pageSize + 1, 2, 'next')], { seq: 2, isComplete: false })
  expect(lines.missing(1, pageSize + 1)).toEqual([])
  expect(lines.line(pageSize + 1)?.text).toBe('next')
})

test('live lines that arrive while their page is fetched are not lost', () => {
  const lines = createLines()
  lines.addPage(0, page([line(1, 1, 'one')], { totalLines: pageSize + 2, lastSeq: 4 }))
  lines.expect(1)
  lines.addLive([line(pageSize + 3, 5, 'live')], { seq: 5, isComplete: false })
  lines.addPage(1, page([line(pageSize + 1, 3, 'a'), line(pageSize + 2, 4, 'b')], { totalLines: pageSize + 2 }))
  expect(lines.line(pageSize + 3)?.text).toBe('live')
  expect(lines.total).toBe(pageSize + 3)
})

test('an unchanged line stays the same object', () => {
  const lines = createLines()
  lines.addPage(0, page([line(1, 1, 'one')]))
  const before = lines.line(1)
  lines.addLive([line(1, 1, 'one'), line(2, 2, 'two')], { seq: 2, isComplete: false })
  expect(lines.line(1)).toBe(before)
})

test('of a million lines only the pages around the view are held', () => {
  const lines = createLines()
  for (let number = 0; number < 2000; number += 1) {
    lines.addPage(number, page([line(number * pageSize + 1, 1, 'x')], { totalLines: 1_000_000 }))
    lines.keepAround(number * pageSize + 1)
  }
  const held = Array.from({ length: 2000 }, (_, number) => number).filter((number) => lines.isHeld(number))
  expect(held).toHaveLength(40)
  expect(held.at(-1)).toBe(1999)
})

test('it is complete only when every chunk was seen', () => {
  const lines = createLines()
  lines.addPage(0, page([line(1, 1, 'one')]))
  lines.addPage(1, page([line(pageSize + 1, 9, 'end')], { isComplete: true, lastSeq: 9 }))
  expect(lines.isComplete).toBe(false)
  lines.addLive([line(2, 2, 'two')], { seq: 9, isComplete: true })
  expect(lines.isComplete).toBe(true)
})
