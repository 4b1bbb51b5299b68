import type { OutputLine, OutputPage } from '@opsconductor/contract'
import { createLines, firstLineOf, pageAt, pageSize } from './lines.ts'

type Source = {
  /** Fetches lines from this one on. */
  load: (fromLine: number, limit: number, signal: AbortSignal) => Promise<OutputPage>
}

/** How many pages are fetched at once. */
const fetchesMax = 3
/** The screen follows at most this often. */
const tellEveryMs = 80

export type FeedState = {
  version: number
  /** Where a live subscription begins; undefined until the first page is there. */
  startSeq: number | undefined
  error: unknown
}

export type Feed = ReturnType<typeof createFeed>

/**
 * Keeps the lines that a viewer looks at: fetches the missing pages around them, takes live frames in, and says that
 * something changed. A page that failed is fetched again when it is next asked for by `retry`.
 */
export const createFeed = ({ load }: Source) => {
  const lines = createLines()
  const listeners = new Set<() => void>()
  const fetching = new Map<number, AbortController>()
  let looked = { from: 1, to: 1 }
  let state: FeedState = { version: 0, startSeq: undefined, error: undefined }
  let telling: ReturnType<typeof setTimeout> | undefined
  let isOpen = false

  const tell = (change: Partial<FeedState> = {}) => {
    state = { ...state, ...change }
    telling ??= setTimeout(() => {
      telling = undefined
      state = { ...state, version: state.version + 1 }
      for (const listener of listeners) listener()
    }, tellEveryMs)
  }

  const fetchPage = async (page: number) => {
    const abort = new AbortController()
    fetching.set(page, abort)
    lines.expect(page)
    try {
      const answer = await load(firstLineOf(page), pageSize, abort.signal)
      if (!isOpen) return
      lines.addPage(page, answer)
      tell({ error: undefined, startSeq: state.startSeq ?? answer.lastSeq })
    } catch (error) {
      lines.unexpect(page)
      if (!abort.signal.aborted) tell({ error })
    } finally {
      fetching.delete(page)
      if (isOpen) pump()
    }
  }

  const pump = () => {
    if (!isOpen || state.error !== undefined) return
    for (const page of lines.missing(looked.from, looked.to)) {
      if (fetching.size >= fetchesMax) return
      if (!fetching.has(page)) void fetchPage(page)
    }
  }

  return {
    lines,
    read: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    /** These lines are looked at. Fetches on their way for others are given up; lines far away are dropped. */
    look: (from: number, to: number) => {
      looked = { from, to }
      const wanted = lines.missing(from, to)
      for (const [page, abort] of fetching) {
        if (!wanted.includes(page)) abort.abort()
      }
      lines.keepAround(Math.round((from + to) / 2))
      pump()
    },
    retry: () => {
      tell({ error: undefined })
      pump()
    },
    /** A live frame. What is missing between it and the last one is fetched. */
    receive: (frame: { seq: number; lines: readonly OutputLine[]; isComplete: boolean }) => {
      lines.addLive(frame.lines, frame)
      // the server is there again, so what could not be fetched may be tried once more
      state = { ...state, error: undefined }
      pump()
      tell()
    },
    /** Asks for the end of the output again: where there is no live connection. */
    poll: () => {
      const page = pageAt(lines.total)
      if (isOpen && !fetching.has(page)) void fetchPage(page)
    },
    /** Begins to fetch; gives back how to end it. */
    open: () => {
      isOpen = true
      pump()
      return () => {
        isOpen = false
        clearTimeout(telling)
        telling = undefined
        for (const abort of fetching.values()) abort.abort()
      }
    },
  }
}
