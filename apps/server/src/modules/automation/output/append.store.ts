import { constants, zstdCompressSync } from 'node:zlib'
import type { OutputStream } from '@opsconductor/contract'
import { type Kysely, sql } from 'kysely'
import { type DB, jsonb } from '../../../kernel/database/index.ts'
import { beginning, type Chunk, type Position } from './chunks.ts'
import { findInStream, type OutputPlace } from './output.store.ts'

/** How far the output of a step was taken from its target, in bytes of each stream as the target wrote them. */
export type Taken = {
  /** Names the try of the step. */
  key: string
  stdout: number
  stderr: number
  /** Bytes that count towards the limit of the step. */
  bytes: number
  isTruncated: boolean
}

/** Below this, compression costs more than it saves. */
const compressFromBytes = 512
/** Logs become four to five times smaller at any level; this one is the fastest by far. */
const params = { [constants.ZSTD_c_compressionLevel]: 1 }

/**
 * Stores chunks and how far the branch has come by them, in one statement and only for its holder: the output must end
 * where this holder left it, and the branch must be held under its attempt. Asked twice for the same, it stores once.
 *
 * @returns false when somebody else holds the branch, or nobody
 */
export const appendChunks = async (
  db: Kysely<DB>,
  { branchId, day }: OutputPlace,
  attempt: number,
  chunks: readonly Chunk[],
  from: Position,
  to: Position,
  at: Date,
  taken: Taken | null,
): Promise<boolean> => {
  const stored = chunks.map((chunk) => {
    const isCompressed = chunk.data.length >= compressFromBytes
    return { chunk, isCompressed, data: isCompressed ? zstdCompressSync(chunk.data, { params }) : chunk.data }
  })
  let size = 0
  const starts = stored.map(({ data }) => (size += data.length) - data.length + 1)
  // one text for any number of chunks, so that it is prepared once; the data travels as one value, in binary
  const { numAffectedRows } = await sql`
    with noted as (
      update automation.branches
      set output_seq = ${to.seq}, output_lines = ${to.line},
        output_taken = ${taken === null ? null : jsonb(taken)}
      where id = ${branchId} and attempt = ${attempt} and output_seq = ${from.seq} and status in ('running', 'lost')
      returning id
    )
    insert into automation.output_chunks (
      day, branch_id, seq, step, stream, byte_offset, total_offset, first_line, lines, bytes, is_partial, at,
      is_compressed, data
    )
    select ${day}::date, noted.id, chunk.seq, chunk.step, chunk.stream, chunk.byte_offset, chunk.total_offset,
      chunk.first_line, chunk.lines, chunk.bytes, chunk.is_partial, ${at}::timestamptz, chunk.is_compressed,
      substring(${Buffer.concat(stored.map(({ data }) => data))}::bytea from chunk.start for chunk.size)
    from noted, unnest(
      ${chunks.map(({ seq }) => seq)}::bigint[], ${chunks.map(({ step }) => step)}::integer[],
      ${chunks.map(({ stream }) => stream)}::text[], ${chunks.map(({ byteOffset }) => byteOffset)}::bigint[],
      ${chunks.map(({ totalOffset }) => totalOffset)}::bigint[], ${chunks.map(({ firstLine }) => firstLine)}::bigint[],
      ${chunks.map(({ lines }) => lines)}::integer[], ${chunks.map(({ data }) => data.length)}::integer[],
      ${chunks.map(({ isPartial }) => isPartial)}::boolean[],
      ${stored.map(({ isCompressed }) => isCompressed)}::boolean[], ${starts}::integer[],
      ${stored.map(({ data }) => data.length)}::integer[]
    ) as chunk (
      seq, step, stream, byte_offset, total_offset, first_line, lines, bytes, is_partial, is_compressed, start, size
    )`.execute(db)
  if (numAffectedRows === BigInt(chunks.length)) return true
  // an earlier attempt may have been committed although its answer was lost on the way
  const now = await db
    .selectFrom('automation.branches')
    .select(['attempt', 'outputSeq'])
    .where('id', '=', branchId)
    .executeTakeFirst()
  return now?.attempt === attempt && now.outputSeq === to.seq
}

/** Where the output of a branch ends, and the steps that left a line unfinished. */
export const findPosition = async (
  db: Kysely<DB>,
  place: OutputPlace,
): Promise<{
  position: Position
  unfinished: { step: number; stream: OutputStream; line: number }[]
  taken: Taken | null
}> => {
  const branch = await db
    .selectFrom('automation.branches')
    .select(['outputSeq', 'outputLines', 'outputTaken'])
    .where('id', '=', place.branchId)
    .executeTakeFirstOrThrow()
  const bytes = { ...beginning.bytes }
  const unfinished = []
  for (const stream of ['stdout', 'stderr', 'notice'] as const) {
    const end = await findInStream(db, place, stream)
    if (end === undefined) continue
    bytes[stream] = end.byteOffset + end.bytes
    if (end.isPartial) unfinished.push({ step: end.step, stream, line: end.firstLine + end.lines - 1 })
  }
  return {
    position: { seq: branch.outputSeq, line: branch.outputLines, bytes, open: new Map() },
    unfinished,
    taken: branch.outputTaken as Taken | null,
  }
}
