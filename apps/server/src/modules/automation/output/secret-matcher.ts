import { formsOf } from './secret-forms.ts'
import { createSkips } from './secret-skips.ts'
import { advance, keyOf, createStarts, type Thread, unique } from './secret-threads.ts'

/** All that may have begun by now. The automaton is in one of them after each byte. */
export type MatcherState = {
  threads: readonly Thread[]
  /** Bytes of the longest secret that ends here; 0 where none does. */
  found: number
  /** Bytes that may be the beginning of a secret. */
  hold: number
  /** Nothing but a broken line is open. */
  isBetweenLines: boolean
  next: number
}

/** States are made as outputs need them; with so many it begins anew. */
const mostStates = 8_192
const foundFlag = 0x8000
/** Making the skips takes as long as looking at so much without them. */
const skipFromBytesPerForm = 64 * 1024
/** With more of them there is hardly anything to skip. */
const mostFormsToSkip = 100

/** The state at the beginning, in which nothing has begun. */
export const rootState = 1

/**
 * An automaton that reads bytes and knows at each which of the secrets may have begun and which have ended there. Its
 * states and the steps between them are made when an output first needs them, so that each byte costs one look into a table.
 */
export const compileMatcher = (secrets: Iterable<string>) => {
  const forms = [...new Set(secrets)].flatMap(formsOf)
  const starts = createStarts(forms)
  let states: MatcherState[] = []
  let numbers = new Map<string, number>()
  let table = new Uint16Array(0)
  let skips: Uint8Array | null = null
  let scannedBytes = 0

  const add = (threads: readonly Thread[], found: number): number => {
    const key = `${found} ${threads.map(keyOf).join(' ')}`
    const known = numbers.get(key)
    if (known !== undefined) return known
    const next = states.length
    const hold = threads.reduce((most, { length }) => Math.max(most, length), 0)
    const isBetweenLines = threads.length > 0 && threads.every(({ breakBytes }) => breakBytes > 0)
    states.push({ threads, found, hold, isBetweenLines, next })
    numbers.set(key, next)
    if (states.length * 256 > table.length) {
      const larger = new Uint16Array(Math.max(64 * 256, table.length * 2))
      larger.set(table)
      table = larger
    }
    return next
  }
  const begin = () => {
    states = [{ threads: [], found: 0, hold: 0, isBetweenLines: false, next: 0 }] // 0 means "not made yet"
    numbers = new Map()
    table = new Uint16Array(64 * 256)
    add([], 0)
  }
  begin()

  return {
    isEmpty: forms.length === 0,
    /** For windows of bytes at the root state; null for so short outputs that it would not pay to make them. */
    skips: (bytes: number): Uint8Array | null => {
      scannedBytes += bytes
      if (forms.length <= mostFormsToSkip && scannedBytes > forms.length * skipFromBytesPerForm)
        skips ??= createSkips(forms, starts)
      return skips
    },
    /** `table[state * 256 + byte]`: the next state, with `foundFlag` where a secret ends; 0 where `step` has to be asked. */
    table: () => table,
    state: (number: number): MatcherState => states[number] ?? states[rootState]!,
    /** Makes a step. Afterwards the table may be another. @returns what the table says from now on */
    step: (from: number, byte: number): number => {
      let origin = from
      const { threads } = states[from] ?? { threads: [] }
      if (states.length >= mostStates) {
        begin()
        origin = add(threads, 0)
      }
      const { open, found } = advance(forms, threads, byte)
      const next = add(unique([...open, ...starts(byte)]), found)
      const entry = next | (found > 0 ? foundFlag : 0)
      table[origin * 256 + byte] = entry
      return entry
    },
  }
}

export type Matcher = ReturnType<typeof compileMatcher>
