import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertExecution } from '../../../../test/branch-rows.ts'
import { cloneDatabase, type TestDatabase } from '../../../../test/database.ts'
import { quiet } from '../../../../test/quiet.ts'
import { until } from '../../../../test/until.ts'
import { appendChunks } from './append.store.ts'
import { beginning, createChunker } from './chunks.ts'
import { linesOf } from './lines.ts'
import { type OutputPlace, selectAfterSeq } from './output.store.ts'
import { openOutputWriter, type OutputWriterOptions } from './writer.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await cloneDatabase()
})
afterAll(() => database?.[Symbol.asyncDispose]())

const newBranch = async (): Promise<OutputPlace> => {
  const { branchIds, day } = await insertExecution(database)
  return { branchId: branchIds[0] ?? 0, day }
}
const openWriter = (place: OutputPlace, options: Partial<OutputWriterOptions> = {}) =>
  openOutputWriter({
    db: database.kysely,
    log: quiet,
    place,
    attempt: 1,
    isHeld: () => true,
    stored: () => {},
    limitBytes: 100_000_000,
    ...options,
  })

const chunksOf = async (place: OutputPlace) => {
  const all = []
  for (let seq = 0; ;) {
    const chunks = await selectAfterSeq(database.kysely, place, seq)
    const last = chunks.at(-1)
    if (last === undefined) return all
    all.push(...chunks)
    seq = last.seq
  }
}
/** All that is stored; the numbers of the chunks must be without gaps. */
const storedText = async (place: OutputPlace) => {
  const chunks = await chunksOf(place)
  expect(chunks.map(({ seq }) => seq)).toEqual(chunks.map((_, index) => index + 1))
  return Buffer.concat(chunks.map(({ data }) => data)).toString()
}
const cutConnections = () =>
  database.asOwner(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
const forbidStoring = () => database.asOwner('revoke insert on automation.output_chunks from opsconductor_app')
const allowStoring = () => database.asOwner('grant insert on automation.output_chunks to opsconductor_app')

test('nothing is lost or doubled when the connections to the database are cut again and again', async () => {
  const place = await newBranch()
  const writer = await openWriter(place)
  writer.startStep(0, [])
  let expected = ''
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 50; i++) {
      const line = `round ${round} line ${i}\n`
      expected += line
      await writer.write('stdout', Buffer.from(line))
    }
    await cutConnections()
  }
  expect(await writer.endStep()).toEqual({ bytes: expected.length, isTruncated: false, isIncomplete: false })
  expect(await storedText(place)).toBe(expected)
})

test('while nothing can be stored the target waits, and all of it is stored afterwards', async () => {
  const place = await newBranch()
  const writer = await openWriter(place)
  writer.startStep(0, [])
  await forbidStoring()
  const piece = Buffer.alloc(64 * 1024, 'x\n')
  let given = 0
  let wait: void | Promise<void> = undefined
  try {
    while (wait === undefined) {
      wait = writer.write('stdout', piece)
      given += piece.length
      await new Promise((resolve) => setImmediate(resolve))
      expect(given).toBeLessThan(3 * 1024 * 1024)
    }
  } finally {
    await allowStoring()
  }
  await wait
  expect(await writer.endStep()).toMatchObject({ bytes: given, isIncomplete: false })
  expect((await storedText(place)).length).toBe(given)
})

test('what cannot be stored at all is dropped and said, and the next step is stored', async () => {
  const place = await newBranch()
  const writer = await openWriter(place, { giveUpAfterMs: 100 })
  writer.startStep(0, [])
  await writer.write('stdout', Buffer.from('first\n'))
  await until(async () => (await storedText(place)) === 'first\n')
  await forbidStoring()
  try {
    await writer.write('stdout', Buffer.from('lost\n'))
    expect(await writer.endStep()).toMatchObject({ isIncomplete: true })
  } finally {
    await allowStoring()
  }
  writer.startStep(1, [])
  await writer.write('stdout', Buffer.from('second\n'))
  expect(await writer.endStep()).toMatchObject({ bytes: 7, isIncomplete: false })
  expect(await storedText(place)).toBe('first\nsecond\n')
})

test('who has lost the branch writes nothing more, and does not disturb who holds it', async () => {
  const place = await newBranch()
  const former = await openWriter(place)
  former.startStep(0, [])
  await former.write('stdout', Buffer.from('mine\n'))
  await until(async () => (await storedText(place)) === 'mine\n')
  await database.asOwner(`update automation.branches set attempt = 2 where id = ${place.branchId}`)
  const holder = await openWriter(place, { attempt: 2 })
  holder.startStep(0, [])
  await former.write('stdout', Buffer.from('late\n'))
  expect(await former.endStep()).toMatchObject({ isIncomplete: true })
  await holder.write('stdout', Buffer.from('theirs\n'))
  expect(await holder.endStep()).toMatchObject({ isIncomplete: false })
  expect(await storedText(place)).toBe('mine\ntheirs\n')
})

test('a database that does not answer does not keep a branch that was lost', async () => {
  const place = await newBranch()
  let isHeld = true
  const writer = await openWriter(place, { isHeld: () => isHeld })
  writer.startStep(0, [])
  const locked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const locking = database.kysely.transaction().execute(async (db) => {
    await db.selectFrom('automation.branches').select('id').where('id', '=', place.branchId).forUpdate().execute()
    locked.resolve()
    await release.promise
  })
  await locked.promise
  await writer.write('stdout', Buffer.from('stuck\n'))
  const ending = writer.endStep()
  isHeld = false
  expect(await ending).toMatchObject({ isIncomplete: true })
  release.resolve()
  await locking
})

test('chunks whose storing was confirmed to nobody are stored once', async () => {
  const place = await newBranch()
  const chunker = createChunker(beginning)
  const chunks = chunker.push(0, 'stdout', Buffer.from('once\n'))
  const append = (attempt: number) =>
    appendChunks(database.kysely, place, attempt, chunks, beginning, chunker.position(), new Date(), null)
  expect([await append(1), await append(1), await append(2)]).toEqual([true, true, false])
  expect(await storedText(place)).toBe('once\n')
})

test('a step that never began has no output, whatever the one before it wrote', async () => {
  const writer = await openWriter(await newBranch(), { limitBytes: 3 })
  writer.startStep(0, [])
  await writer.write('stdout', Buffer.from('too long\n'))
  expect(await writer.endStep()).toMatchObject({ bytes: 3, isTruncated: true })
  expect(await writer.endStep()).toEqual({ bytes: 0, isTruncated: false, isIncomplete: false })
})

test('who takes a branch over goes on at the byte that was stored, within the same line', async () => {
  const place = await newBranch()
  const source = Buffer.from('one\ntwo and the secr3t-word, and the end of it\nthree\n')
  const former = await openWriter(place)
  expect(former.startStep(0, ['secr3t-word'], 'try-1')).toEqual({ stdout: 0, stderr: 0 })
  await former.write('stdout', source.subarray(0, 20)) // in the middle of the secret
  await until(async () => (await storedText(place)).length > 4)
  await database.asOwner(`update automation.branches set attempt = 2 where id = ${place.branchId}`)

  const holder = await openWriter(place, { attempt: 2 })
  const from = holder.startStep(0, ['secr3t-word'], 'try-1')
  await holder.write('stdout', source.subarray(from.stdout))
  await holder.endStep()
  expect(holder.startStep(1, [], 'try-2')).toEqual({ stdout: 0, stderr: 0 })
  expect(await storedText(place)).toBe('one\ntwo and the ********, and the end of it\nthree\n')
  const lines = (await chunksOf(place)).flatMap((chunk) => linesOf(chunk))
  expect(new Set(lines.map(({ line }) => line))).toEqual(new Set([1, 2, 3]))
})

test('the end of a line is shown soon, although a secret might go on in the next', async () => {
  const place = await newBranch()
  const writer = await openWriter(place)
  writer.startStep(0, ['secret-word'])
  await writer.write('stdout', Buffer.from('some words\n'))
  await until(async () => (await storedText(place)) === 'some words\n')
  await writer.write('stdout', Buffer.from('my sec'))
  await until(async () => (await storedText(place)).endsWith('my '))
  await writer.write('stdout', Buffer.from('ret-\nword'))
  await writer.endStep()
  expect(await storedText(place)).toBe('some words\nmy ********\n********')
  expect(writer.mask('failed: secret-word')).toBe('failed: ********')
})

test('secrets that are opened while a step runs are masked from then on, also in what is held back', async () => {
  const place = await newBranch()
  const writer = await openWriter(place)
  writer.startStep(0, ['secret-word'], 'try-1')
  await writer.write('stdout', Buffer.from('a secret-'))
  expect(writer.startStep(0, ['secret-number'], 'try-1')).toEqual({ stdout: 9, stderr: 0 })
  await writer.write('stdout', Buffer.from('number'))
  await writer.endStep()
  expect(await storedText(place)).toBe('a ********')
})

test('who leaves a step stores what came, and somebody goes on behind it', async () => {
  const place = await newBranch()
  const source = Buffer.from('before secr3t-word after\n')
  const former = await openWriter(place)
  former.startStep(0, ['secr3t-word'], 'try-1')
  await former.write('stdout', source.subarray(0, 10))
  expect(await former.leaveStep()).toMatchObject({ isIncomplete: false })
  // what its connection had still on the way
  await former.write('stdout', source.subarray(10))
  await former.leaveStep()
  expect(await storedText(place)).toBe('before ')
  await database.asOwner(`update automation.branches set attempt = 2 where id = ${place.branchId}`)
  const holder = await openWriter(place, { attempt: 2 })
  const { stdout } = holder.startStep(0, ['secr3t-word'], 'try-1')
  await holder.write('stdout', source.subarray(stdout))
  await holder.endStep()
  expect(await storedText(place)).toBe('before ******** after\n')
})
