import type { OutputStream } from '@opsconductor/contract'
import { findPosition } from './append.store.ts'
import { beginning, createChunker, wholeCharacters } from './chunks.ts'
import { createMasker, type Masker, maskText } from './masking.ts'
import type { MatcherOf } from './matchers.ts'
import { compileMatcher, type Matcher } from './secret-matcher.ts'
import { createSpool, type SpoolOptions } from './spool.ts'

export type OutputWriter = {
  /** Takes output; the promise resolves when there is room for more. */
  write: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void | Promise<void>
  /** A line of ours in the output, such as that it was cut. */
  notice: (text: string) => void
  /**
   * Begins a step: its number, and the secrets to mask from now on, beside those of earlier steps. `key` names this try
   * of the step where its output can be asked for again.
   *
   * @returns the bytes of each stream that are stored already, by a former holder of the branch under the same key:
   * output is to be written from there on. Called again under the same key, it goes on, with more secrets.
   */
  startStep: (index: number, secrets: readonly string[], key?: string) => { stdout: number; stderr: number }
  /** Masks these too from now on, also in what is held back. */
  addSecrets: (secrets: readonly string[]) => void
  /** A text, such as a message about a failure, with the secrets masked that were opened until now. */
  mask: (text: string) => string
  /** Stores everything; never throws. @returns what the step has written */
  endStep: () => Promise<Written>
  /** Stores what came so far of a step that goes on: somebody continues it under the same key. Never throws. */
  leaveStep: () => Promise<Written>
}

export type Written = { bytes: number; isTruncated: boolean; isIncomplete: boolean }

export type OutputWriterOptions = SpoolOptions & {
  /** Bytes kept of a step. */
  limitBytes: number
  /** Where matchers are shared; else each writer has its own. */
  matcherOf?: MatcherOf
}

/** What a program writes at once is not torn apart for longer on its way. */
const quietMs = 30
const nothing = Buffer.alloc(0)

/** Stores the output of a branch, masked: what came is never lost while the branch is held, and never written twice. */
export const openOutputWriter = async ({
  limitBytes,
  matcherOf = compileMatcher,
  ...options
}: OutputWriterOptions): Promise<OutputWriter> => {
  const before =
    options.attempt === 1
      ? { position: beginning, unfinished: [], taken: null }
      : await findPosition(options.db, options.place)
  const chunker = createChunker(before.position)
  const spool = createSpool(chunker, options)
  const secrets = new Set<string>()
  let matcher: Matcher | null = null
  const maskers = new Map<OutputStream, Masker>()
  const incomplete = new Map<OutputStream, Buffer>()
  let step = 0
  let key: string | undefined
  let given = { stdout: 0, stderr: 0 }
  let stepBytes = 0
  let isTruncated = false
  /** Between steps nothing is taken: what comes late was not noted as taken, and comes again to whoever goes on. */
  let isOpen = false
  let settling: NodeJS.Timeout | null = null
  let lastWriteAt = 0

  const addSecrets = (more: readonly string[]) => {
    if (more.every((secret) => secrets.has(secret))) return
    for (const secret of more) secrets.add(secret)
    matcher = null
    // what is held back is looked at again
    for (const [stream, former] of Array.from(maskers)) {
      maskers.delete(stream)
      spool.put(step, stream, whole(stream, maskerOf(stream).push(former.held())))
    }
    noteTaken()
  }

  const maskerOf = (stream: OutputStream) => {
    const masker = maskers.get(stream) ?? createMasker((matcher ??= matcherOf(secrets)))
    maskers.set(stream, masker)
    return masker
  }

  /** A character that is cut in two waits for its end. */
  const whole = (stream: OutputStream, bytes: Buffer): Buffer => {
    const held = incomplete.get(stream)
    const all = held === undefined ? bytes : Buffer.concat([held, bytes])
    const end = wholeCharacters(all, 0, all.length)
    if (end === all.length) incomplete.delete(stream)
    else incomplete.set(stream, Buffer.from(all.subarray(end)))
    return all.subarray(0, end)
  }

  const settleWhenQuiet = () => {
    // on a busy machine what has come meanwhile is read first
    setImmediate(() => {
      if (settling === null) return
      const restMs = quietMs - (performance.now() - lastWriteAt)
      settling = restMs > 1 ? setTimeout(settleWhenQuiet, restMs) : null
      if (settling === null) settle()
    })
  }

  /** A line that was broken off by nobody is shown, although a secret might have been wrapped there. */
  const settle = () => {
    for (const [stream, masker] of maskers) {
      const shown = masker.settle()
      if (shown.length > 0) spool.put(step, stream, whole(stream, shown))
    }
    noteTaken()
  }

  const noteTaken = () => {
    if (key === undefined) return spool.noteTaken(null)
    const heldBack = (stream: 'stdout' | 'stderr') =>
      isTruncated ? 0 : (maskers.get(stream)?.held().length ?? 0) + (incomplete.get(stream)?.length ?? 0)
    const [stdout, stderr] = [heldBack('stdout'), heldBack('stderr')]
    return spool.noteTaken({
      key,
      stdout: given.stdout - stdout,
      stderr: given.stderr - stderr,
      bytes: stepBytes - stdout - stderr,
      isTruncated,
    })
  }

  const truncate = (stream: OutputStream) => {
    isTruncated = true
    // what was held back may be the beginning of a secret whose end is cut off
    maskers.delete(stream)
    incomplete.delete(stream)
    const limit = limitBytes >= 1024 * 1024 ? `${Math.round(limitBytes / 1024 / 1024)} MB` : `${limitBytes} bytes`
    notice(`[The output of this step is longer than ${limit}; what follows is not stored.]`)
  }

  const notice = (text: string) => spool.put(step, 'notice', Buffer.from(`${text}\n`))

  /** The next step may end before it begins, where its target cannot be reached. */
  const finished = (isIncomplete: boolean): Written => {
    const written = { bytes: stepBytes, isTruncated, isIncomplete }
    if (settling !== null) clearTimeout(settling)
    settling = null
    maskers.clear()
    incomplete.clear()
    stepBytes = 0
    isTruncated = false
    isOpen = false
    key = undefined
    return written
  }

  return {
    write: (stream, bytes) => {
      if (!isOpen) return undefined
      given[stream] += bytes.length
      if (isTruncated) return undefined
      const kept = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, limitBytes - stepBytes))
      stepBytes += kept.length
      spool.put(step, stream, whole(stream, maskerOf(stream).push(kept)))
      if (kept.length < bytes.length) truncate(stream)
      noteTaken()
      if (settling === null && (maskers.get(stream)?.held().length ?? 0) > 0)
        settling = setTimeout(settleWhenQuiet, quietMs)
      lastWriteAt = performance.now()
      return spool.room()
    },
    notice,
    startStep: (index, newSecrets, newKey) => {
      const isSame = key !== undefined && key === newKey
      step = index
      key = newKey
      isOpen = true
      addSecrets(newSecrets)
      if (isSame) return { ...given }
      const goesOn = before.taken !== null && before.taken.key === key ? before.taken : null
      given = { stdout: goesOn?.stdout ?? 0, stderr: goesOn?.stderr ?? 0 }
      stepBytes = goesOn?.bytes ?? 0
      isTruncated = goesOn?.isTruncated ?? false
      if (goesOn !== null) {
        chunker.reopen(new Map(before.unfinished.filter((line) => line.step === index).map((l) => [l.stream, l.line])))
        before.taken = null
      }
      return { ...given }
    },
    addSecrets,
    mask: (text) => maskText((matcher ??= matcherOf(secrets)), text),
    leaveStep: async () => {
      // what is held back comes again, from where it was taken
      isOpen = false
      const { isIncomplete } = await spool.flush()
      return finished(isIncomplete)
    },
    endStep: async () => {
      isOpen = false
      for (const [stream, masker] of maskers) {
        spool.put(step, stream, Buffer.concat([whole(stream, masker.end()), incomplete.get(stream) ?? nothing]))
      }
      maskers.clear()
      incomplete.clear()
      noteTaken()
      const { isIncomplete } = await spool.flush()
      chunker.endLines()
      if (isIncomplete) {
        notice('[Part of the output of this step could not be stored.]')
        await spool.flush()
      }
      return finished(isIncomplete)
    },
  }
}
