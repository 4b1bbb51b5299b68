import type { Form } from './secret-forms.ts'
import { advanceThread, keyOf, nextBytesOf, type Thread } from './secret-threads.ts'

/** All forms are at least so long, in bytes. */
export const windowBytes = 4

/**
 * By the last two bytes of a window of four, how far the window may move on because no form begins before: 0 to 3
 * (after Wu and Manber, "A fast algorithm for multi-pattern searching", 1994).
 */
export const createSkips = (forms: readonly Form[], starts: (byte: number) => readonly Thread[]): Uint8Array => {
  const skips = new Uint8Array(65_536).fill(windowBytes - 1)
  let begun = new Map<string, { thread: Thread; byte: number }>()
  for (let byte = 0; byte < 256; byte++) {
    for (const thread of starts(byte)) begun.set(`${byte} ${keyOf(thread)}`, { thread, byte })
  }
  for (let length = 1; length < windowBytes; length++) {
    const longer: typeof begun = new Map()
    for (const { thread, byte } of begun.values()) {
      const form = forms[thread.form]
      if (form === undefined) continue
      for (const next of nextBytesOf(form, thread)) {
        const { open, found } = advanceThread(form, thread, next)
        if (open.length === 0 && found === 0) continue
        const pair = byte * 256 + next
        skips[pair] = Math.min(skips[pair] ?? 0, windowBytes - 1 - length)
        for (const thread of open) longer.set(`${next} ${keyOf(thread)}`, { thread, byte: next })
      }
    }
    begun = longer
  }
  return skips
}
