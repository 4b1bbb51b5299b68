import type { OutputStream } from '@opsconductor/contract'
import type { Kysely } from 'kysely'
import type { DB, Log } from '../../../kernel/database/index.ts'
import { appendChunks, type Taken } from './append.store.ts'
import type { Chunk, Chunker } from './chunks.ts'
import type { OutputPlace } from './output.store.ts'

export type SpoolOptions = {
  db: Kysely<DB>
  log: Log
  place: OutputPlace
  /** The attempt under which the branch is held. */
  attempt: number
  /** Whether it is still held: what somebody else holds is not written to. */
  isHeld: () => boolean
  /** Output was stored. */
  stored: () => void
  /** How long storing is tried before it is given up while the branch is held; a minute unless told. */
  giveUpAfterMs?: number
}

const flushMs = 50
/** Someone who watches sees the first output of a step, or the first after a silence, without that delay. */
const firstFlushMs = 1
/** With so much there is no point in waiting for more. */
const fullBatchBytes = 512 * 1024
/** With so much waiting to be stored, the target has to wait too. */
const highWaterBytes = 1024 * 1024
const firstPauseMs = 50
const longestPauseMs = 2_000
/** A database that does not answer must not keep a branch that was lost long ago. */
const heldCheckMs = 500

type Outcome = 'stored' | 'refused' | 'impossible'

/**
 * What waits to be stored: about every 50 ms, one batch after the other, tried again with growing pauses while the branch
 * is held. Meanwhile it holds a megabyte and the target waits; what at last cannot be stored is dropped and said.
 */
export const createSpool = (chunker: Chunker, options: SpoolOptions) => {
  const { db, log, place, attempt, isHeld, stored, giveUpAfterMs = 60_000 } = options
  let waiting: { step: number; stream: OutputStream; bytes: Buffer }[] = []
  let waitingBytes = 0
  let taken: Taken | null = null
  let timer: NodeJS.Timeout | null = null
  let storedAt = -Infinity
  let draining: Promise<void> | null = null
  let room: PromiseWithResolvers<void> | null = null
  let isLost = false
  /** The last batch was given up: the next one is tried once only, until one can be stored again. */
  let isImpossible = false
  let isIncomplete = false

  const append = async (
    chunks: readonly Chunk[],
    from: ReturnType<Chunker['position']>,
    at: Date,
  ): Promise<Outcome> => {
    const to = chunker.position()
    const how = taken
    const since = performance.now()
    const patienceMs = isImpossible ? 0 : giveUpAfterMs
    for (let pauseMs = firstPauseMs; isHeld(); pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        const isOurs = await whileHeld(isHeld, appendChunks(db, place, attempt, chunks, from, to, at, how))
        return isOurs === true ? 'stored' : 'refused'
      } catch (error) {
        const isOver = performance.now() - since >= patienceMs
        log[isOver ? 'error' : 'warn']({ err: error, branchId: place.branchId }, 'output could not be stored')
        if (isOver) return 'impossible'
      }
      await pause(pauseMs)
    }
    return 'refused'
  }

  const storeWaiting = async () => {
    const from = chunker.position()
    const batch = waiting
    waiting = []
    waitingBytes = 0
    room?.resolve()
    room = null
    const chunks = joined(batch).flatMap(({ step, stream, bytes }) => chunker.push(step, stream, bytes))
    storedAt = performance.now()
    const outcome = await append(chunks, from, new Date())
    isImpossible = outcome === 'impossible'
    if (outcome === 'stored') return stored()
    chunker.restore(from) // the numbers stay without gaps
    isIncomplete = true
    if (outcome === 'refused') isLost = true
  }

  const drain = async () => {
    for (;;) {
      if (isLost) dropWaiting()
      if (waiting.length === 0) break
      await storeWaiting()
    }
    draining = null
  }

  const dropWaiting = () => {
    waiting = []
    waitingBytes = 0
    room?.resolve()
    room = null
  }

  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    // not within the call that puts: what it notes after that belongs to the same batch; and compressing for fifty
    // branches in one go would keep everybody else waiting
    return (draining ??= nextTurn().then(drain))
  }

  return {
    put: (step: number, stream: OutputStream, bytes: Buffer) => {
      if (bytes.length === 0) return
      if (isLost) {
        isIncomplete = true
        return
      }
      waiting.push({ step, stream, bytes })
      waitingBytes += bytes.length
      if (waitingBytes >= fullBatchBytes) void flush()
      else timer ??= setTimeout(() => void flush(), performance.now() - storedAt > flushMs ? firstFlushMs : flushMs)
    },
    /** How far the output was taken from the target by what was put until now. */
    noteTaken: (now: Taken | null) => {
      taken = now
    },
    /** Resolves when there is room for more; undefined when there is now. */
    room: (): Promise<void> | undefined => {
      if (waitingBytes <= highWaterBytes || isLost) return undefined
      room ??= Promise.withResolvers()
      return room.promise
    },
    /** Stores all that waits. @returns whether some of what was put since the last call was not stored */
    flush: async (): Promise<{ isIncomplete: boolean }> => {
      for (;;) {
        if (waiting.length === 0 && draining === null) break
        await flush()
      }
      const result = { isIncomplete }
      isIncomplete = isLost
      return result
    },
  }
}

export type Spool = ReturnType<typeof createSpool>

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** The result, or undefined when the branch is lost before it comes. */
const whileHeld = async <T>(isHeld: () => boolean, work: Promise<T>): Promise<T | undefined> => {
  const lost = Promise.withResolvers<undefined>()
  const check = setInterval(() => !isHeld() && lost.resolve(undefined), heldCheckMs)
  try {
    return await Promise.race([work, lost.promise])
  } finally {
    clearInterval(check)
    work.catch(() => {}) // it may still fail, and nobody waits for it
  }
}

/** Neighbours of one stream are one piece. */
const joined = (pieces: readonly { step: number; stream: OutputStream; bytes: Buffer }[]) => {
  const groups: { step: number; stream: OutputStream; bytes: Buffer[] }[] = []
  for (const { step, stream, bytes } of pieces) {
    const last = groups.at(-1)
    if (last?.stream === stream && last.step === step) last.bytes.push(bytes)
    else groups.push({ step, stream, bytes: [bytes] })
  }
  return groups.map((group) => ({ ...group, bytes: Buffer.concat(group.bytes) }))
}
