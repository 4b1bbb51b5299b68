import type { Context } from '../../../kernel/context.ts'
import { type OutputPlace, selectAfterSeq, type StoredChunk } from './output.store.ts'

const fewestRows = 64
const mostRows = 5_000

/**
 * All chunks behind one, some megabytes at a time; the next ones are fetched while these are looked at. How many rows
 * are asked for follows from how large they are: a chunk is anything from one byte to 128 kB.
 */
export const walkChunks = async function* (
  ctx: Context,
  place: OutputPlace,
  afterSeq: number,
  bytes: number,
): AsyncGenerator<StoredChunk[]> {
  let rows = fewestRows
  const fetch = (seq: number) => {
    const fetched = selectAfterSeq(ctx.db, place, seq, { bytes, rows })
    fetched.catch(() => {}) // heard when it is waited for; nobody may
    return fetched
  }
  for (let next = fetch(afterSeq); !ctx.signal.aborted;) {
    const chunks = await next
    const last = chunks.at(-1)
    if (last === undefined) return
    rows = Math.min(mostRows, Math.max(fewestRows, 2 * chunks.length))
    next = fetch(last.seq)
    yield chunks
  }
}
