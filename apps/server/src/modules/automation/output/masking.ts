import { windowBytes } from './secret-skips.ts'
import { type Matcher, rootState } from './secret-matcher.ts'

/** What a secret is replaced by, wherever it shows. */
const blackened = Buffer.from('********')
const nothing = Buffer.alloc(0)
const foundFlag = 0x8000

const noSkips = new Uint8Array(0)

/**
 * Follows the table from a byte on, to where a secret ends, the table has to be asked, or the end. The loop through which
 * all output goes: a function of its own, with nothing but numbers, so that it is compiled once and well.
 *
 * @returns the place, times `foundFlag`, plus the state there
 */
const follow = (table: Uint16Array, skips: Uint8Array, text: Buffer, from: number, state: number): number => {
  const lastWindow = skips.length === 0 ? -1 : text.length - windowBytes
  let current = state
  let at = from
  while (at < text.length) {
    if (current === rootState) {
      let skip = 1
      while (at <= lastWindow && skip > 0) {
        skip = skips[(text[at + 2] ?? 0) * 256 + (text[at + 3] ?? 0)] ?? 0
        at += skip
      }
    }
    const next = table[current * 256 + (text[at] ?? 0)] ?? 0
    if (next === 0 || next >= foundFlag) break
    current = next
    at += 1
  }
  return at * foundFlag + current
}

/** Replaces secrets in a stream of bytes, also where one is split over pieces. */
export type Masker = {
  /** @returns what can be shown by now; the beginning of what may become a secret is held back */
  push: (bytes: Buffer) => Buffer
  /** Nothing has come for a while: shows what is held back only because a secret may go on in the next line. */
  settle: () => Buffer
  /** The rest, at the end of the stream. */
  end: () => Buffer
  /** What is held back, as it came. */
  held: () => Buffer
}

/** Bytes to hide, counted from the first one that is held. */
type Span = { from: number; to: number }

/** Masks one stream; several may share the matcher. Line breaks within a secret stay, so that lines keep their numbers. */
export const createMasker = (matcher: Matcher): Masker => {
  let state = rootState
  let held = nothing
  let spans: Span[] = []
  /** The last that was shown is a mask, and what follows belongs to it. */
  let isWithinMask = false

  /** A secret ends here. What overlaps is hidden as one. */
  const hide = (to: number, length: number) => {
    let from = to - length
    for (let last = spans.at(-1); last !== undefined && last.to > from; last = spans.at(-1)) {
      from = Math.min(from, last.from)
      spans.pop()
    }
    spans.push({ from, to })
  }

  const scan = (text: Buffer, start: number) => {
    const skips = matcher.skips(text.length - start) ?? noSkips
    for (let at = start; ;) {
      const stopped = follow(matcher.table(), skips, text, at, state)
      state = stopped % foundFlag
      at = (stopped - state) / foundFlag
      const byte = text[at]
      if (byte === undefined) return
      const entry = matcher.table()[state * 256 + byte] ?? 0
      const next = entry === 0 ? matcher.step(state, byte) : entry
      state = next % foundFlag
      at += 1
      if (next >= foundFlag) hide(at, matcher.state(state).found)
    }
  }

  /** What is shown of the bytes up to `end`; the rest is held. */
  const show = (text: Buffer, end: number): Buffer => {
    const shown: Buffer[] = []
    let at = 0
    for (const span of spans) {
      if (span.from >= end) break
      if (span.from > at) {
        shown.push(text.subarray(at, span.from))
        isWithinMask = false
      } else if (span.from === at && at > 0) isWithinMask = false
      at = Math.min(span.to, end)
      maskInto(shown, text.subarray(Math.max(0, span.from), at))
      if (span.to <= end) isWithinMask = false
    }
    if (at < end) {
      shown.push(text.subarray(at, end))
      isWithinMask = false
    }
    spans = spans.filter(({ to }) => to > end).map(({ from, to }) => ({ from: from - end, to: to - end }))
    held = end === text.length ? nothing : Buffer.from(text.subarray(end))
    return shown.length === 1 && shown[0] !== undefined ? shown[0] : Buffer.concat(shown)
  }

  const maskInto = (shown: Buffer[], secret: Buffer) => {
    for (let at = 0; at < secret.length; at++) {
      if (secret[at] === 0x0a || secret[at] === 0x0d) {
        shown.push(secret.subarray(at, at + 1))
        isWithinMask = false
      } else if (!isWithinMask) {
        shown.push(blackened)
        isWithinMask = true
      }
    }
  }

  const endNow = () => {
    const shown = show(held, held.length)
    state = rootState
    isWithinMask = false
    return shown
  }

  if (matcher.isEmpty) return { push: (bytes) => bytes, settle: () => nothing, end: () => nothing, held: () => nothing }
  return {
    push: (bytes) => {
      const text = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      scan(text, held.length)
      return show(text, text.length - matcher.state(state).hold)
    },
    settle: () => (matcher.state(state).isBetweenLines ? endNow() : nothing),
    end: endNow,
    held: () => held,
  }
}

/** A text with all its secrets masked: for messages. */
export const maskText = (matcher: Matcher, text: string): string => {
  const masker = createMasker(matcher)
  return Buffer.concat([masker.push(Buffer.from(text)), masker.end()]).toString()
}
