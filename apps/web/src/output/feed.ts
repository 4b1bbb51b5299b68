import type { OutputLine, OutputPage } from '@opsconductor/contract'
import { createLines, firstLineOf, pageSize } from './lines.ts'

type Source = {
  /** Fetches lines from this one on. */
  load: (fromLine: number, limit: number, signal: AbortSignal) => Promise<OutputPage>
}

/** How many pages are fetched at once. */
const fetchesMax = 3
/** The screen follows at most this often. */
const tellEveryMs = 80

export type FeedState = { version: number; isStarted: boolean; error: unknown }

export type Feed = ReturnType<typeof createFeed>

/**
 * Keeps the lines that a viewer looks at: fetches the missing pages around them, takes live frames in, and says that
 * something changed. A page that failed is fetched again when it is next asked for by `retry`.
 */
export const createFeed = ({ load }: Source) => {
  const lines = createLines()
  const listeners = new Set<() => void>()
  const fetching = new Map<number, AbortController>()
  let wanted: number[] = []
  let state: FeedState = { version: 0, isStarted: false, error: undefined }
  let telling: ReturnType<typeof setTimeout> | undefined
  let isClosed = false

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
      if (isClosed) return
      lines.addPage(page, answer)
      tell({ error: undefined, isStarted: true })
    } catch (error) {
      lines.unexpect(page)
      if (!abort.signal.aborted) tell({ error })
    } finally {
      fetching.delete(page)
      if (!isClosed) pump()
    }
  }

  const pump = () => {
    wanted = wanted.filter((page) => !lines.isLoaded(page))
    if (state.error !== undefined) return
    for (const page of wanted) {
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
      wanted = lines.missing(from, to)
      for (const [page, abort] of fetching) {
        if (!wanted.includes(page) && lines.total > 0) abort.abort()
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
      const stale = lines.addLive(frame.lines, frame)
      wanted = [...new Set([...stale, ...wanted])]
      pump()
      tell({ isStarted: true })
    },
    close: () => {
      isClosed = true
      clearTimeout(telling)
      for (const abort of fetching.values()) abort.abort()
    },
  }
}
