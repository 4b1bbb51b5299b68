import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import type { OutputStream } from '@opsconductor/contract'
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import type { Chunk } from './chunks.ts'

/** Where the output of a branch is kept: its id, and the day of its partition. */
export type OutputPlace = { branchId: number; day: string }

type ChunkRow = Selectable<DB['automation.outputChunks']>
export type StoredChunk = Chunk & { at: Date }

/** Bytes that are read at a time; at most one chunk of 128 kB more. Memory stays the same for any length of output. */
const bytesAtOnce = 512 * 1024
const rowsAtOnce = 5_000

/**
 * The first of the chunks that `chunks` selects, in order of their numbers, up to the limit in bytes. Sizes are added up by
 * the database, so that no more than that travels.
 */
const some = (chunks: RawBuilder<unknown>, bytes: number): RawBuilder<ChunkRow> => sql<ChunkRow>`
  select * from (
    select chunk.*, sum(size) over (order by seq rows unbounded preceding) - size as before
    from (select *, greatest(bytes, octet_length(data)) as size from (${chunks}) as wanted) as chunk
  ) as sized
  where before < ${bytes} order by seq`

const selectSome = async (db: Kysely<DB>, chunks: RawBuilder<unknown>, bytes: number): Promise<StoredChunk[]> => {
  const { rows } = await some(chunks, bytes).execute(db)
  return Promise.all(rows.map(toChunk))
}

/**
 * Chunks that touch the lines `from` up to, but without, `to`, and come behind `afterSeq`: found by the line index.
 * A line that began before the range begins in the last chunk in front of it.
 */
export const selectByLines = async (
  db: Kysely<DB>,
  place: OutputPlace,
  { from, to, afterSeq }: { from: number; to: number; afterSeq: number },
): Promise<{ chunks: StoredChunk[]; isCut: boolean }> => {
  const { branchId, day } = place
  const touching = sql`
    (select seq from automation.output_chunks
      where day = ${day} and branch_id = ${branchId} and first_line < ${from}
      order by first_line desc, seq desc limit 1)
    union all
    select seq from automation.output_chunks
    where day = ${day} and branch_id = ${branchId} and first_line >= ${from} and first_line < ${to}`
  const chunks = await selectSome(
    db,
    // one by one, each by the primary key: without statistics another plan would read the whole index of lines
    sql`with touching as materialized (${touching}),
        first as materialized (select seq from touching where seq > ${afterSeq} order by seq limit ${rowsAtOnce})
      select chunk.* from first cross join lateral (
        select * from automation.output_chunks
        where day = ${day} and branch_id = ${branchId} and seq = first.seq limit 1
      ) as chunk`,
    bytesAtOnce,
  )
  const last = chunks.at(-1)
  if (last === undefined) return { chunks, isCut: false }
  const { rows } = await sql<{ isCut: boolean }>`
    with touching as materialized (${touching})
    select exists (select from touching where seq > ${last.seq}) as "isCut"`.execute(db)
  return { chunks, isCut: rows[0]?.isCut === true }
}

/**
 * Chunks in order of their numbers, up to limits of bytes and of rows: fewer than there are, but none only at the end.
 */
export const selectAfterSeq = (
  db: Kysely<DB>,
  { branchId, day }: OutputPlace,
  seq: number,
  { bytes = bytesAtOnce, rows = rowsAtOnce }: { bytes?: number; rows?: number } = {},
): Promise<StoredChunk[]> => selectSome(db, behind({ branchId, day }, seq, rows), bytes)

const behind = ({ branchId, day }: OutputPlace, seq: number, rows: number) =>
  sql`select * from automation.output_chunks
    where day = ${day} and branch_id = ${branchId} and seq > ${seq} order by seq limit ${rows}`

/** The same, and how far the branch is, as of one moment: when it has ended, all its output is stored. */
export const lookAtOutput = async (db: Kysely<DB>, place: OutputPlace, seq: number) => {
  type Branch = { branchStatus: string; lastSeq: number }
  const { rows } = await sql<Branch & (ChunkRow | { seq: null })>`
    select branch.status as branch_status, branch.output_seq as last_seq, chunk.*
    from automation.branches as branch
    left join lateral (${some(behind(place, seq, rowsAtOnce), bytesAtOnce)}) as chunk on true
    where branch.id = ${place.branchId} order by chunk.seq`.execute(db)
  const { branchStatus = '', lastSeq = seq } = rows[0] ?? {}
  const chunks = await Promise.all(rows.flatMap((row) => (row.seq === null ? [] : toChunk(row))))
  return { chunks, branchStatus, lastSeq }
}

/** The same of one stream, from a byte of it on at which a chunk begins. */
export const selectOfStream = (
  db: Kysely<DB>,
  { branchId, day }: OutputPlace,
  stream: OutputStream,
  fromByte: number,
): Promise<StoredChunk[]> =>
  selectSome(
    db,
    sql`select * from automation.output_chunks
      where day = ${day} and branch_id = ${branchId} and stream = ${stream} and byte_offset >= ${fromByte}
      order by byte_offset limit ${rowsAtOnce}`,
    bytesAtOnce,
  )

const chunksOf = (db: Kysely<DB>, { branchId, day }: OutputPlace) =>
  db.selectFrom('automation.outputChunks').where('day', '=', day).where('branchId', '=', branchId)

/** The last chunk of a stream that begins at this byte of it or before; the last of all without a byte. */
export const findInStream = (db: Kysely<DB>, place: OutputPlace, stream: OutputStream, byte?: number) => {
  const query = chunksOf(db, place)
    .select(['seq', 'step', 'byteOffset', 'bytes', 'firstLine', 'lines', 'isPartial'])
    .where('stream', '=', stream)
    .orderBy('byteOffset', 'desc')
    .limit(1)
  return (byte === undefined ? query : query.where('byteOffset', '<=', byte)).executeTakeFirst()
}

/** Number of the chunk in which, or in front of which, a line begins; 1 when there is none. */
export const findSeqOfLine = async (db: Kysely<DB>, place: OutputPlace, line: number): Promise<number> => {
  const before = await chunksOf(db, place)
    .select('seq')
    .where('firstLine', '<=', line)
    .orderBy('firstLine', 'desc')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return before?.seq ?? 1
}

/** The last chunk of all. */
export const findLast = (db: Kysely<DB>, place: OutputPlace) =>
  chunksOf(db, place)
    .select(['seq', 'stream', 'totalOffset', 'bytes'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()

/** Whether retention has removed the output of that day. */
export const isDropped = async (db: Kysely<DB>, { day }: OutputPlace): Promise<boolean> => {
  const { rows } = await sql<{ isDropped: boolean }>`
    select to_regclass(${`automation.output_chunks_${day.replaceAll('-', '')}`}) is null as "isDropped"`.execute(db)
  return rows[0]?.isDropped === true
}

/** Number of the chunk of stdout or stderr that holds a byte of the raw output: by halving, as numbers have no gaps. */
export const findSeqOfByte = async (db: Kysely<DB>, place: OutputPlace, byte: number, lastSeq: number) => {
  let [low, high] = [1, lastSeq]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const chunk = await chunksOf(db, place).select('totalOffset').where('seq', '=', middle).executeTakeFirst()
    if (chunk === undefined || chunk.totalOffset > byte) high = middle - 1
    else low = middle
  }
  return low
}

const decompress = promisify(zstdDecompress)

const toChunk = async (row: ChunkRow): Promise<StoredChunk> => ({
  seq: row.seq,
  step: row.step,
  stream: row.stream as Chunk['stream'],
  byteOffset: row.byteOffset,
  totalOffset: row.totalOffset,
  firstLine: row.firstLine,
  lines: row.lines,
  isPartial: row.isPartial,
  at: row.at,
  data: row.isCompressed ? await decompress(row.data) : row.data,
})
