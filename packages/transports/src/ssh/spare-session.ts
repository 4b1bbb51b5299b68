import { ChannelRefused, type Session } from './channels.ts'

/** What was learnt of a target; outlives its connections. */
export type OpeningTime = {
  /** How long opening a channel took lately, in milliseconds. */
  openMs?: number
  /** Commands come that may take a session opened in advance. */
  isSpareUsed?: boolean
}

export type SpareSessions = {
  /** A session for a command: one opened in advance, or a new one. */
  take(): Promise<Session>
  /** A new one, which has shown that the server is there; the one opened in advance where there is no room for both. */
  openNew(): Promise<Session>
  /** Opens one in advance where that is worth it and the server has room besides the `inUse` channels. */
  refill(inUse: number): void
  /** What a caller who gave up no longer needs. */
  putBack(session: Session): void
}

// Below this, what a spare session saves is not worth having one.
const WORTH_MS = 3

/**
 * Keeps a session channel open in advance, so that a command costs one round trip instead of two. Only where a round
 * trip takes time, and never more than one.
 */
export const createSpareSessions = (
  openSession: () => Promise<Session>,
  times: OpeningTime,
  isHarmless: boolean,
): SpareSessions => {
  const spares: Session[] = []
  let coming: Promise<Session> | undefined
  let isComingTaken = false
  // how many channels were in use when the server had no room for a spare one
  let fullAt = Infinity

  const measured = async (): Promise<Session> => {
    const beganAt = performance.now()
    const session = await openSession()
    const tookMs = performance.now() - beganAt
    // a busy moment is forgotten soon, a quick answer counts at once
    times.openMs = Math.min(tookMs, (times.openMs ?? tookMs) * 1.5)
    return session
  }

  const openAhead = async (inUse: number): Promise<void> => {
    const mine = measured()
    coming = mine
    isComingTaken = false
    try {
      const session = await mine
      if (!isComingTaken) spares.push(session)
    } catch {
      fullAt = Math.min(fullAt, inUse)
    } finally {
      if (coming === mine) coming = undefined
    }
  }

  return {
    async take() {
      for (let spare = spares.shift(); spare !== undefined; spare = spares.shift()) if (!spare.isClosed()) return spare
      if (coming !== undefined && !isComingTaken) {
        isComingTaken = true
        return coming
      }
      return measured()
    },
    async openNew() {
      try {
        return await measured()
      } catch (error) {
        const spare = error instanceof ChannelRefused && error.because === 'full' ? spares.shift() : undefined
        if (spare === undefined || spare.isClosed()) throw error
        return spare
      }
    },
    refill(inUse) {
      const isWanted = (times.openMs ?? 0) >= WORTH_MS && (isHarmless || inUse === 0) && inUse < fullAt
      if (isWanted && coming === undefined && spares.every((spare) => spare.isClosed())) void openAhead(inUse)
    },
    putBack: (session) => void spares.push(session),
  }
}
