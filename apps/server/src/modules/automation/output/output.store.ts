import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import type { Chunk } from './chunks.ts'

/** Where the output of a branch is kept: its id, and the day of its partition. */
export type OutputPlace = { branchId: number; day: string }

/** Below this, compression costs more than it saves. */
const compressFromBytes = 512

export const insertChunks = async (db: Kysely<DB>, place: OutputPlace, chunks: readonly (Chunk & { at: Date })[]) => {
  await db
    .insertInto('automation.outputChunks')
    .values(
      chunks.map((chunk) => {
        const isCompressed = chunk.data.length >= compressFromBytes
        return { ...chunk, ...place, isCompressed, data: isCompressed ? zstdCompressSync(chunk.data) : chunk.data }
      }),
    )
    .execute()
}

export const notePosition = async (db: Kysely<DB>, branchId: number, { seq, line }: { seq: number; line: number }) => {
  await db
    .updateTable('automation.branches')
    .set({ outputSeq: seq, outputLines: line })
    .where('id', '=', branchId)
    .where('outputSeq', '<', seq)
    .where('status', 'in', ['running', 'lost'])
    .execute()
}

/** How far the output of a branch has come, by what is stored: a holder that died may not have noted it. */
export const findPosition = (db: Kysely<DB>, { branchId, day }: OutputPlace) =>
  db
    .selectFrom('automation.outputChunks')
    .select([
      sql<number>`coalesce(max(seq), 0)`.as('seq'),
      sql<number>`coalesce(max(first_line + lines - 1), 0)`.as('line'),
    ])
    .where('day', '=', day)
    .where('branchId', '=', branchId)
    .executeTakeFirstOrThrow()

const selectFrom = (db: Kysely<DB>, { branchId, day }: OutputPlace) =>
  db.selectFrom('automation.outputChunks').selectAll().where('day', '=', day).where('branchId', '=', branchId)

type ChunkRow = Awaited<ReturnType<ReturnType<typeof selectFrom>['execute']>>[number]
export type StoredChunk = Chunk & { at: Date }

/** Chunks that touch the lines `from` up to, but without, `to`. */
export const selectByLines = async (
  db: Kysely<DB>,
  place: OutputPlace,
  from: number,
  to: number,
): Promise<StoredChunk[]> =>
  (
    await selectFrom(db, place)
      .where('firstLine', '<', to)
      .where(sql<boolean>`first_line + lines > ${from}`)
      .orderBy('seq')
      .execute()
  ).map(toChunk)

export const selectAfterSeq = async (
  db: Kysely<DB>,
  place: OutputPlace,
  seq: number,
  limit: number,
): Promise<StoredChunk[]> =>
  (await selectFrom(db, place).where('seq', '>', seq).orderBy('seq').limit(limit).execute()).map(toChunk)

const toChunk = (row: ChunkRow): StoredChunk => ({
  seq: row.seq,
  step: row.step,
  stream: row.stream as Chunk['stream'],
  byteOffset: row.byteOffset,
  firstLine: row.firstLine,
  lines: row.lines,
  isPartial: row.isPartial,
  at: row.at,
  data: row.isCompressed ? zstdDecompressSync(row.data) : row.data,
})
