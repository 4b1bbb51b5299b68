import type { Form, Sign } from './secret-forms.ts'

/** How far a form has been read: the beginning of a match, one of several at the same place. */
export type Thread = {
  form: number
  /** The sign that comes next, or is being read. */
  at: number
  /** Of its spellings, the one being read; -1 before any. */
  spelling: number
  read: number
  slashes: number
  /** Bytes of a line break before the sign. */
  breakBytes: number
  /** The sign before which the line was last broken; -1 when it was not. */
  brokenAt: number
  /** Bytes from the beginning of the match. */
  length: number
}

const slash = 0x5c
const mostSlashes = 8
const mostBreakBytes = 64
/** Lines that are wrapped are not narrower, in signs. What stands in a column of single signs is no secret. */
const narrowestLine = 12

export const keyOf = ({ form, at, spelling, read, slashes, breakBytes, brokenAt, length }: Thread) =>
  `${form}.${at}.${spelling}.${read}.${slashes}.${breakBytes}.${brokenAt}.${length}`

/** Of threads that differ only in where they began the first one covers the others. */
export const unique = (threads: readonly Thread[]): Thread[] => {
  const longest = new Map<string, Thread>()
  for (const thread of threads) {
    const key = keyOf({ ...thread, length: 0 })
    const other = longest.get(key)
    if (other === undefined || other.length < thread.length) longest.set(key, thread)
  }
  return [...longest.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/**
 * What may begin with a byte; made for each when it first comes. What only stands in front of the first sign as it is does
 * not belong to the secret.
 */
export const createStarts = (forms: readonly Form[]) => {
  const made = new Map<number, Thread[]>()
  const beginnings = forms.map((form, index) => {
    const start = { form: index, at: 0, spelling: -1, read: 0, slashes: 0, breakBytes: 0, brokenAt: -1, length: 0 }
    return { form, start, bytes: new Set(nextBytesOf(form, start)) }
  })

  const make = (byte: number): Thread[] =>
    beginnings.flatMap(({ form, start, bytes }) => {
      if (!bytes.has(byte)) return []
      const [asItIs, ...others] = form.sign(0)?.spellings ?? []
      return advanceThread(form, start, byte).open.filter(({ spelling }) => {
        const written = others[spelling - 1]?.bytes
        return written?.length !== 2 || asItIs?.bytes.length !== 1 || written[1] !== asItIs.bytes[0]
      })
    })

  return (byte: number): readonly Thread[] => {
    const threads = made.get(byte) ?? make(byte)
    made.set(byte, threads)
    return threads
  }
}

export const advance = (forms: readonly Form[], threads: readonly Thread[], byte: number) => {
  const open: Thread[] = []
  let found = 0
  for (const thread of threads) {
    const form = forms[thread.form]
    if (form === undefined) continue
    const result = advanceThread(form, thread, byte)
    open.push(...result.open)
    found = Math.max(found, result.found)
  }
  return { open, found }
}

export const advanceThread = (form: Form, thread: Thread, byte: number): { open: Thread[]; found: number } => {
  const { at, slashes, breakBytes, brokenAt } = thread
  const length = thread.length + 1
  const sign = form.sign(at)
  const open: Thread[] = []
  let found = 0
  if (sign === undefined) return { open, found }

  /** Reads the byte as one of a spelling. */
  const read = (spelling: number, index: number) => {
    const { bytes = [], anyCase = false } = sign.spellings[spelling] ?? {}
    if (!isSame(bytes[index] ?? -1, byte, anyCase)) return
    if (index + 1 < bytes.length) open.push({ ...thread, spelling, read: index + 1, slashes: 0, breakBytes: 0, length })
    else if (at + 1 === form.length) found = length
    else open.push({ ...thread, at: at + 1, spelling: -1, read: 0, slashes: 0, breakBytes: 0, length })
  }
  const wrap = () => {
    const isWide = brokenAt === -1 || brokenAt === at || at - brokenAt >= narrowestLine
    if (isWide && isBreak(sign, thread, byte)) {
      open.push({ ...thread, slashes: 0, breakBytes: breakBytes + 1, brokenAt: at, length })
    }
  }
  if (thread.spelling >= 0) {
    read(thread.spelling, thread.read)
    wrap()
    return { open, found }
  }
  for (const [index, { isSlashed }] of sign.spellings.entries()) {
    if (isSlashed ? slashes > 0 : slashes === 0 || sign.isEscapable) read(index, 0)
  }
  if (byte === slash && slashes < mostSlashes && mayFollowSlash(sign, at)) {
    open.push({ ...thread, slashes: slashes + 1, breakBytes: 0, length })
  }
  if (at > 0) wrap()
  return { open, found }
}

/** In front of a secret backslashes mean nothing, unless its first sign is written with one. */
const mayFollowSlash = (sign: Sign, at: number) =>
  (at > 0 && (sign.isEscapable || sign.hasWrittenBreaks)) || sign.spellings.some(({ isSlashed }) => isSlashed)

const isBreak = (sign: Sign, { slashes, breakBytes }: Thread, byte: number): boolean => {
  if (!sign.mayWrap || breakBytes >= mostBreakBytes) return false
  if (slashes > 0) return sign.hasWrittenBreaks && (byte === 0x6e || byte === 0x72) // \n and \r, written
  if (byte === 0x0a || byte === 0x0d) return true
  return breakBytes > 0 && (byte === 0x20 || byte === 0x09) // indented
}

const isSame = (wanted: number, byte: number, anyCase: boolean) =>
  wanted === byte || (anyCase && isLetter(wanted) && (wanted | 0x20) === (byte | 0x20) && isLetter(byte))

const isLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a

/** Bytes with which a thread may go on, and a few more. */
export const nextBytesOf = (form: Form, { at, spelling, read }: Thread): number[] => {
  const spellings = form.sign(at)?.spellings ?? []
  const written = spelling >= 0 ? [spellings[spelling]?.bytes[read]] : spellings.map(({ bytes }) => bytes[0])
  const either = written.flatMap((byte) => (byte === undefined ? [] : isLetter(byte) ? [byte, byte ^ 0x20] : [byte]))
  return [...either, slash, ...breakBytes]
}

/** CR, LF, blanks, and the letters of \n and \r. */
const breakBytes = [0x0d, 0x0a, 0x20, 0x09, 0x6e, 0x72]
