import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertExecution } from '../../../../test/branch-rows.ts'
import { contextOf } from '../../../../test/context.ts'
import { cloneDatabase, type TestDatabase } from '../../../../test/database.ts'
import { quiet } from '../../../../test/quiet.ts'
import { linesOf } from './lines.ts'
import { type OutputPlace, selectByLines } from './output.store.ts'
import { rawOutputOf } from './raw-output.ts'
import { searchOutput, type SearchPlace } from './search.ts'
import { openOutputWriter } from './writer.ts'

let database: TestDatabase
let place: OutputPlace
const lineCount = 300_000

beforeAll(async () => {
  database = await cloneDatabase()
  const { branchIds, day } = await insertExecution(database)
  place = { branchId: branchIds[0] ?? 0, day }
  const writer = await openOutputWriter({
    db: database.kysely,
    log: quiet,
    place,
    attempt: 1,
    isHeld: () => true,
    stored: () => {},
    limitBytes: 1e9,
  })
  writer.startStep(0, [])
  for (let line = 1; line <= lineCount; line += 1000) {
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${line + index} of many, all of them alike\n`)
    await writer.write('stdout', Buffer.from(lines.join('')))
  }
  await writer.endStep()
})
afterAll(() => database?.[Symbol.asyncDispose]())

test('a search that is cut by its limit goes on exactly where it was, to the last match', async () => {
  const found: number[] = []
  let after: SearchPlace | null = null
  do {
    const wanted = { q: '99 OF', caseSensitive: false, fromLine: 1, limit: 700, after }
    const result: Awaited<ReturnType<typeof searchOutput>> = await searchOutput(contextOf(database), place, wanted)
    found.push(...result.items.map(({ line }) => line))
    after = result.next
  } while (after !== null)
  expect(found).toEqual(Array.from({ length: lineCount / 100 }, (_, index) => index * 100 + 99))
})

test('a search may begin anywhere', async () => {
  const wanted = { q: 'line 299998 ', caseSensitive: true, fromLine: 299_998, limit: 10, after: null }
  expect((await searchOutput(contextOf(database), place, wanted)).items.map(({ line }) => line)).toEqual([299_998])
  const behind = { ...wanted, fromLine: 299_999 }
  expect((await searchOutput(contextOf(database), place, behind)).items).toEqual([])
})

test.each([1, 77_777, 299_001])('lines from %i on are read without those before', async (from) => {
  const { chunks, isCut } = await selectByLines(database.kysely, place, { from, to: from + 1000, afterSeq: 0 })
  const lines = chunks.flatMap((chunk) => linesOf(chunk, from, from + 1000)).map(({ line }) => line)
  expect(lines).toEqual(Array.from({ length: 1000 }, (_, index) => from + index))
  expect([chunks.length <= 3, isCut]).toEqual([true, false])
})

test('a download that nobody wants any more ends', async () => {
  const leaving = new AbortController()
  const { size, read } = await rawOutputOf(contextOf(database, { signal: leaving.signal }), place, undefined)
  let bytes = 0
  for await (const piece of read(0, size)) {
    bytes += piece.length
    leaving.abort()
  }
  expect(bytes).toBeGreaterThan(0)
  expect(bytes).toBeLessThan(size / 2)
})
