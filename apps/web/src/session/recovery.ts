import { ProblemError } from '@opsconductor/contract'
import type { Query, QueryClient } from '@tanstack/react-query'

/** How Chromium, Firefox and Safari name a request without an answer. */
const noAnswer = /^(failed to fetch|networkerror|load failed|network error)/i
/** The code or the style of a page that could not be fetched. */
const noPart = /dynamically imported module|unable to preload|module script failed/i

/** Nobody answered. A mistake in our own code can be a TypeError, too. */
export const isSilence = (error: unknown) =>
  error instanceof Error &&
  !(error instanceof ProblemError) &&
  ((error instanceof TypeError && noAnswer.test(error.message)) || noPart.test(error.message))

/** Nobody answered, or only a proxy in front of a server that is away; any other problem is an answer. */
export const isOutage = (error: unknown) =>
  error instanceof ProblemError ? [502, 503, 504].includes(error.problem.status) : isSilence(error)

const askEveryMs = 3_000

type Needs = {
  client: QueryClient
  /** Does the server answer again, and does it want to be asked? Never throws. */
  isBack?: () => Promise<boolean>
  everyMs?: number
}

/**
 * What could not be read because the server was away is read again when it is back, whatever page it is on. Until then
 * one question goes out now and then instead of all of them, and what the screen says about it stays still.
 */
export const recoverAfterOutages = ({ client, isBack, everyMs }: Needs) => {
  const isMissing = (query: Query) => query.isActive() && isOutage(query.state.error)
  let giveUp: (() => void) | undefined
  const look = () => {
    if (giveUp !== undefined || !client.getQueryCache().getAll().some(isMissing)) return
    giveUp = whenBack(() => void readAgain(), isBack, everyMs)
  }
  const readAgain = async () => {
    await client.refetchQueries({ predicate: isMissing })
    giveUp = undefined
    look()
  }
  const unsubscribe = client.getQueryCache().subscribe(({ type }) => {
    if (type === 'updated' || type === 'observerAdded') look()
  })
  return () => {
    unsubscribe()
    giveUp?.()
  }
}

/** Asks the server itself, past the session. */
export const isServerReady = async () => {
  try {
    return (await fetch('/ready', { cache: 'no-store', signal: AbortSignal.timeout(5_000) })).ok
  } catch {
    return false
  }
}

/** Does something once when the server is back; gives back how to give that up. */
export const whenBack = (then: () => void, isBack = isServerReady, everyMs = askEveryMs) => {
  let isOver = false
  let waiting: ReturnType<typeof setTimeout> | undefined
  const wait = () => {
    waiting = setTimeout(() => void ask(), everyMs)
  }
  const ask = async () => {
    const isThere = await isBack()
    if (isOver) return
    if (isThere) then()
    else wait()
  }
  wait()
  return () => {
    isOver = true
    clearTimeout(waiting)
  }
}
