import type { OutputStream } from '@opsconductor/contract'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { beginning, createChunker } from './chunks.ts'
import { createLineFinder } from './line-finder.ts'
import { linesOf } from './lines.ts'
import type { StoredChunk } from './output.store.ts'

type Piece = [OutputStream, string]

const chunksOf = (pieces: readonly Piece[]): StoredChunk[] => {
  const chunker = createChunker(beginning)
  return pieces.flatMap(([stream, text]) =>
    chunker.push(0, stream, Buffer.from(text)).map((chunk) => ({ ...chunk, at: new Date() })),
  )
}
const find = (chunks: readonly StoredChunk[], q: string, { caseSensitive = false, fromLine = 1 } = {}) => {
  const finder = createLineFinder(q, caseSensitive)
  return chunks.flatMap((chunk) => [...finder.find(chunk, fromLine)])
}
/** Every line, put together from its pieces. */
const wholeLines = (chunks: readonly StoredChunk[]) => {
  const lines = new Map<number, string>()
  for (const { line, text } of chunks.flatMap((chunk) => linesOf(chunk))) {
    lines.set(line, (lines.get(line) ?? '') + text)
  }
  return lines
}

test('a match is found where a line goes on in a later chunk, whatever other streams say in between', () => {
  const chunks = chunksOf([
    ['stdout', 'one\na nee'],
    ['stderr', 'oh\n'],
    ['stdout', 'd'],
    ['stdout', 'le of it\nlast'],
  ])
  expect(find(chunks, 'Needle').map(({ line, stream }) => [line, stream])).toEqual([[2, 'stdout']])
  expect(find(chunks, 'Needle', { caseSensitive: true })).toEqual([])
})

test('signs have no other meaning than themselves, and letters of all scripts have two cases', () => {
  const chunks = chunksOf([['stdout', 'a.b\naxb\n(ŽLUŤ)\nstraße\n']])
  expect(find(chunks, 'A.B').map(({ line }) => line)).toEqual([1])
  expect(find(chunks, '(žluť)').map(({ line }) => line)).toEqual([3])
  expect(find(chunks, 'žluť', { caseSensitive: true })).toEqual([])
  expect(find(chunks, '\n')).toEqual([])
})

test('of a long line the part around the match is shown', () => {
  const [match] = find(chunksOf([['stdout', `${'x'.repeat(50_000)}needle${'y'.repeat(50_000)}\n`]]), 'needle')
  expect(match?.text).toContain('xneedley')
  expect(match?.text.length).toBeLessThanOrEqual(500)
})

const anyPieces = fc.array(
  fc.tuple(
    fc.constantFrom<OutputStream>('stdout', 'stderr'),
    fc.string({ unit: fc.constantFrom('a', 'B', 'ž', 'Ž', '\n', ' '), minLength: 1, maxLength: 12 }),
  ),
  { maxLength: 20 },
)

test('what is found are just the lines that contain the text', () => {
  const wanted = fc.string({ unit: fc.constantFrom('a', 'b', 'ž', ' '), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(
      anyPieces,
      wanted,
      fc.boolean(),
      fc.integer({ min: 1, max: 10 }),
      (pieces, q, caseSensitive, fromLine) => {
        const chunks = chunksOf(pieces)
        const same = (text: string) => (caseSensitive ? text : text.toLowerCase())
        const expected = [...wholeLines(chunks)]
          .filter(([line, text]) => line >= fromLine && same(text).includes(same(q)))
          .map(([line]) => line)
        const found = find(chunks, q, { caseSensitive, fromLine }).map(({ line }) => line)
        expect(found.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b))
      },
    ),
    { numRuns: 2_000 },
  )
})
