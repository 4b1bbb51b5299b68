import type { OutputPage } from '@opsconductor/contract'
import { expect, test, vi } from 'vitest'
import { createFeed } from './feed.ts'

const pageFrom = (fromLine: number, limit: number, total: number): OutputPage => ({
  items: Array.from({ length: Math.max(0, Math.min(limit, total - fromLine + 1)) }, (_, index) => ({
    line: fromLine + index,
    seq: fromLine + index,
    at: '2026-01-01T00:00:00.000Z',
    step: 0,
    stream: 'stdout' as const,
    text: `line ${fromLine + index}`,
    continues: false,
  })),
  nextCursor: null,
  nextLine: null,
  totalLines: total,
  lastSeq: total,
  isComplete: true,
})

test('only what is looked at is fetched', async () => {
  const asked: number[] = []
  const feed = createFeed({
    load: async (fromLine, limit) => {
      asked.push(fromLine)
      return pageFrom(fromLine, limit, 1_000_000)
    },
  })
  const close = feed.open()
  feed.look(1, 1)
  await vi.waitFor(() => expect(feed.lines.total).toBe(1_000_000))
  feed.look(987_654, 987_680)
  await vi.waitFor(() => expect(feed.lines.line(987_654)?.text).toBe('line 987654'))
  expect(asked).toEqual([1, 987_501])
  close()
})

test('what is missing between two frames is fetched', async () => {
  let total = 1
  const feed = createFeed({ load: async (fromLine, limit) => pageFrom(fromLine, limit, total) })
  const close = feed.open()
  feed.look(1, 1)
  await vi.waitFor(() => expect(feed.lines.lastSeq).toBe(1))
  total = 5
  const [last] = pageFrom(5, 1, 5).items
  feed.receive({ seq: 5, lines: last ? [last] : [], isComplete: false })
  await vi.waitFor(() => expect(feed.lines.line(3)?.text).toBe('line 3'))
  close()
})

test('a page that cannot be fetched is said, and tried again on demand', async () => {
  let isBroken = true
  const feed = createFeed({
    load: async (fromLine, limit) => {
      if (isBroken) throw new TypeError('no answer')
      return pageFrom(fromLine, limit, 3)
    },
  })
  const close = feed.open()
  feed.look(1, 3)
  await vi.waitFor(() => expect(feed.read().error).toBeInstanceOf(TypeError))
  isBroken = false
  feed.retry()
  feed.look(1, 3)
  await vi.waitFor(() => expect(feed.lines.line(3)?.text).toBe('line 3'))
  close()
})
