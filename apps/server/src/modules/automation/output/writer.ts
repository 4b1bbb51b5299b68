import type { OutputStream } from '@opsconductor/contract'
import type { Kysely } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import { type Chunk, createChunker, wholeCharacters } from './chunks.ts'
import { createMasker, type Masker } from './masking.ts'
import { findPosition, insertChunks, notePosition, type OutputPlace } from './output.store.ts'

export type OutputWriter = {
  /** Takes output; the promise resolves when there is room for more. */
  write: (stream: OutputStream, bytes: Uint8Array) => void | Promise<void>
  /** A line of ours in the output, such as that it was cut. */
  notice: (text: string) => void
  /** Begins a step: its number, and the secrets to mask from now on, beside those of earlier steps. */
  startStep: (index: number, secrets: readonly string[]) => void
  /** Stores everything. @returns what the step has written */
  endStep: () => Promise<{ bytes: number; isTruncated: boolean }>
}

export type OutputWriterOptions = {
  db: Kysely<DB>
  place: OutputPlace
  /** Nobody has written output of this branch before. */
  isNew: boolean
  /** Bytes kept of a step. */
  limitBytes: number
  /** Output was stored. */
  stored: () => void
}

const flushMs = 50
/** Someone who watches sees the first output of a step, or the first after a silence, without that delay. */
const firstFlushMs = 1
/** With so much waiting to be stored, the target has to wait too. */
const highWaterBytes = 1024 * 1024
const rowsPerStatement = 200

/**
 * Stores the output of a branch: masked, the first bytes at once, then in batches about every 50 ms, one after the other. Only the executor that
 * holds the branch writes; two would meet at the chunk's number, which is unique.
 */
export const openOutputWriter = async ({
  db,
  place,
  isNew,
  limitBytes,
  stored,
}: OutputWriterOptions): Promise<OutputWriter> => {
  const chunker = createChunker(isNew ? { seq: 0, line: 0 } : await findPosition(db, place))
  const secrets = new Set<string>()
  const maskers = new Map<OutputStream, Masker>()
  const incomplete = new Map<OutputStream, Buffer>()
  let waiting: { stream: OutputStream; bytes: Buffer }[] = []
  let waitingBytes = 0
  let step = 0
  let stepBytes = 0
  let isTruncated = false
  let timer: NodeJS.Timeout | null = null
  let storedAt = -Infinity
  let flushing: Promise<void> = Promise.resolve()

  const maskerOf = (stream: OutputStream) => {
    const masker = maskers.get(stream) ?? createMasker([...secrets])
    maskers.set(stream, masker)
    return masker
  }

  const enqueue = (stream: OutputStream, bytes: Buffer) => {
    if (bytes.length === 0) return
    const last = waiting.at(-1)
    if (last?.stream === stream) last.bytes = Buffer.concat([last.bytes, bytes])
    else waiting.push({ stream, bytes })
    waitingBytes += bytes.length
    // a failure to store is kept in `flushing` and reaches the end of the step
    timer ??= setTimeout(
      () => void flush().catch(() => {}),
      performance.now() - storedAt > flushMs ? firstFlushMs : flushMs,
    )
  }

  const store = async () => {
    const at = new Date()
    const chunks: (Chunk & { at: Date })[] = []
    for (const { stream, bytes } of waiting.splice(0)) {
      for (const chunk of chunker.push(step, stream, bytes)) chunks.push({ ...chunk, at })
    }
    waitingBytes = 0
    if (chunks.length === 0) return
    storedAt = performance.now()
    for (let from = 0; from < chunks.length; from += rowsPerStatement) {
      await insertChunks(db, place, chunks.slice(from, from + rowsPerStatement))
    }
    await notePosition(db, place.branchId, chunker.position())
    stored()
  }

  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    flushing = flushing.then(store)
    return flushing
  }

  /** A character that is cut in two waits for its end. */
  const whole = (stream: OutputStream, bytes: Buffer): Buffer => {
    const all = Buffer.concat([incomplete.get(stream) ?? Buffer.alloc(0), bytes])
    const end = wholeCharacters(all, 0, all.length)
    incomplete.set(stream, all.subarray(end))
    return all.subarray(0, end)
  }

  const truncate = (stream: OutputStream) => {
    isTruncated = true
    // what was held back may be the beginning of a secret whose end is cut off
    maskers.delete(stream)
    incomplete.delete(stream)
    const limit = limitBytes >= 1024 * 1024 ? `${Math.round(limitBytes / 1024 / 1024)} MB` : `${limitBytes} bytes`
    enqueue('notice', Buffer.from(`[The output of this step is longer than ${limit}; what follows is not stored.]\n`))
  }

  return {
    write: (stream, bytes) => {
      if (isTruncated) return undefined
      const kept = Buffer.from(bytes).subarray(0, limitBytes - stepBytes)
      stepBytes += kept.length
      enqueue(stream, whole(stream, maskerOf(stream).push(kept)))
      if (kept.length < bytes.length) truncate(stream)
      return waitingBytes > highWaterBytes ? flush() : undefined
    },
    notice: (text) => enqueue('notice', Buffer.from(`${text}\n`)),
    startStep: (index, newSecrets) => {
      step = index
      stepBytes = 0
      isTruncated = false
      for (const secret of newSecrets) secrets.add(secret)
    },
    endStep: async () => {
      for (const [stream, masker] of maskers)
        enqueue(stream, Buffer.concat([whole(stream, masker.end()), incomplete.get(stream) ?? Buffer.alloc(0)]))
      maskers.clear()
      incomplete.clear()
      await flush()
      chunker.endStep()
      return { bytes: stepBytes, isTruncated }
    },
  }
}
