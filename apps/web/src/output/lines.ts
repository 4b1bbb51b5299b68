import type { OutputLine, OutputPage } from '@opsconductor/contract'

/** How many lines are fetched, held and dropped together. */
export const pageSize = 500
/** 40 pages are 20,000 lines: enough around any window, and little however long the output is. */
const heldPagesMax = 40

type Piece = { seq: number; text: string }

/** One line of output, put together from its pieces. A changed line is a new object, so that a row can tell. */
export type Line = {
  line: number
  at: string
  step: number
  stream: OutputLine['stream']
  text: string
  /** Not UTF-8: bytes that are no text stand as `\xNN`. */
  isBinary: boolean
  /** The newest piece says that more of this line will come. */
  isOpen: boolean
  pieces: readonly Piece[]
}

/** `neededSeq`: an answer that does not reach this chunk yet does not make the page whole. */
type Page = { isLoaded: boolean; neededSeq: number; lines: (Line | undefined)[] }

export type Lines = ReturnType<typeof createLines>

/** The page of a line; the first one where there is no line yet. */
export const pageAt = (line: number) => Math.max(0, Math.floor((line - 1) / pageSize))
export const firstLineOf = (page: number) => page * pageSize + 1

/**
 * The window of lines that is held of an output, fed by fetched pages and by live frames. The two are merged by line
 * number and sequence number, never by time, and what comes twice changes nothing. Lines are counted from 1.
 */
export const createLines = () => {
  const pages = new Map<number, Page>()
  let total = 0
  let lastSeq = 0
  let isComplete = false
  let longest = 0

  const put = (pieces: OutputLine[]) => {
    const place = pieces[0]
    if (!place) return
    total = Math.max(total, place.line)
    const page = pages.get(pageAt(place.line))
    if (!page) return
    const index = (place.line - 1) % pageSize
    const merged = mergePieces(page.lines[index], pieces)
    page.lines[index] = merged
    longest = Math.max(longest, merged.text.length)
  }

  const putAll = (items: readonly OutputLine[]) => {
    for (const pieces of byLineAndSeq(items)) put(pieces)
  }

  return {
    get total() {
      return total
    },
    /** Number of the last chunk seen: a live subscription goes on from here. */
    get lastSeq() {
      return lastSeq
    },
    get isComplete() {
      return isComplete
    },
    /** Length in characters of the longest line seen so far. */
    get longest() {
      return longest
    },
    line: (number: number): Line | undefined => pages.get(pageAt(number))?.lines[(number - 1) % pageSize],
    isHeld: (page: number) => pages.has(page),
    isLoaded: (page: number) => pages.get(page)?.isLoaded ?? false,

    /** The page is about to be fetched: live lines that arrive meanwhile are kept in it. */
    expect: (page: number) => {
      if (!pages.has(page)) pages.set(page, { isLoaded: false, neededSeq: 0, lines: [] })
    },

    /** The fetch failed or was given up: the page is not held after all. */
    unexpect: (page: number) => {
      if (pages.get(page)?.isLoaded === false) pages.delete(page)
    },

    /** A fetched page. Its `lastSeq` counts only where nothing was known yet: later it is the live stream that counts. */
    addPage: (page: number, answer: OutputPage) => {
      const held = pages.get(page) ?? { isLoaded: false, neededSeq: 0, lines: [] }
      pages.set(page, held)
      putAll(answer.items)
      held.isLoaded = answer.lastSeq >= held.neededSeq
      total = Math.max(total, answer.totalLines)
      if (lastSeq === 0) lastSeq = answer.lastSeq
      if (answer.isComplete && answer.lastSeq <= lastSeq) isComplete = true
    },

    /**
     * Lines that came live. Returns the pages that have to be fetched again because a chunk in between is missing:
     * the sequence grows by one with every chunk.
     */
    addLive: (items: readonly OutputLine[], frame: { seq: number; isComplete: boolean }): number[] => {
      const stale = missedPages(items, lastSeq, total)
      for (const item of items) {
        // a page that begins with a line following directly on the last known one is whole from its first line on
        if (item.line === total + 1 && (item.line - 1) % pageSize === 0 && !pages.has(pageAt(item.line))) {
          pages.set(pageAt(item.line), { isLoaded: true, neededSeq: 0, lines: [] })
        }
        total = Math.max(total, item.line)
      }
      putAll(items)
      lastSeq = Math.max(lastSeq, frame.seq)
      isComplete ||= frame.isComplete
      for (const page of stale) {
        const held = pages.get(page)
        if (held) Object.assign(held, { isLoaded: false, neededSeq: frame.seq })
      }
      return stale
    },

    /** Drops the pages farthest from the line in view. */
    keepAround: (line: number) => {
      if (pages.size <= heldPagesMax) return
      const centre = pageAt(line)
      const farthestFirst = [...pages.keys()].sort((a, b) => Math.abs(b - centre) - Math.abs(a - centre))
      for (const page of farthestFirst.slice(0, pages.size - heldPagesMax)) {
        if (pages.get(page)?.isLoaded) pages.delete(page)
      }
    },

    /** Pages between two lines that are not loaded, in order. */
    missing: (from: number, to: number): number[] => {
      const found: number[] = []
      const last = pageAt(Math.min(Math.max(to, 1), Math.max(total, 1)))
      for (let page = pageAt(Math.max(from, 1)); page <= last; page += 1) {
        if (!pages.get(page)?.isLoaded) found.push(page)
      }
      return found
    },
  }
}

/** Pages that may lack something when chunks after `lastSeq` are missing before the first new one. */
const missedPages = (items: readonly OutputLine[], lastSeq: number, total: number): number[] => {
  let expected = lastSeq + 1
  let knownLine = Math.max(total, 1)
  const missed = new Set<number>()
  for (const item of items) {
    if (item.seq > expected) {
      for (let page = pageAt(knownLine); page <= pageAt(item.line); page += 1) missed.add(page)
    }
    if (item.seq >= expected) expected = item.seq + 1
    knownLine = Math.max(knownLine, item.line)
  }
  return [...missed]
}

/** Pieces of one line out of one chunk, together: they arrive together and replace one another together. */
const byLineAndSeq = (items: readonly OutputLine[]): OutputLine[][] => {
  const groups = new Map<string, OutputLine[]>()
  for (const item of items) {
    const key = `${item.line}/${item.seq}`
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return [...groups.values()]
}

const mergePieces = (line: Line | undefined, incoming: OutputLine[]): Line => {
  const [first] = incoming
  const newest = incoming.at(-1)
  if (!first || !newest) throw new RangeError('a line needs at least one piece')
  const piece = { seq: first.seq, text: incoming.map((item) => item.text).join('') }
  const from = { line: first.line, at: first.at, step: first.step, stream: first.stream }
  const isBinary = (line?.isBinary ?? false) || incoming.some((item) => item.isBinary === true)
  if (!line) return { ...from, isBinary, text: piece.text, isOpen: newest.continues, pieces: [piece] }

  const last = line.pieces.at(-1)
  if (last && piece.seq > last.seq) {
    return {
      ...line,
      isBinary,
      text: line.text + piece.text,
      isOpen: newest.continues,
      pieces: [...line.pieces, piece],
    }
  }
  if (line.pieces.some(({ seq, text }) => seq === piece.seq && text === piece.text)) return line
  const pieces = [...line.pieces.filter(({ seq }) => seq !== piece.seq), piece].sort((a, b) => a.seq - b.seq)
  const isNewest = pieces.at(-1) === piece
  const isOldest = pieces[0] === piece
  return {
    ...(isOldest ? { ...line, ...from } : line),
    isBinary,
    text: pieces.map(({ text }) => text).join(''),
    isOpen: isNewest ? newest.continues : line.isOpen,
    pieces,
  }
}
