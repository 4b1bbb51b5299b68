import type { ServerFrame } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import type { Wake } from '../../../kernel/wake/wake.ts'
import type { Feed } from './feeds.ts'
import { createTurns } from './pace.ts'

export type OpenedSubscription = { close: () => void }

type Ports = {
  wake: Wake
  send: (frame: ServerFrame) => void
  /** Unsent bytes of the connection. */
  bufferedBytes: () => number
  failed: (error: unknown) => void
}

/** Above this a slow reader gets nothing new until it has read what it was sent. */
const highWaterBytes = 4 * 1024 * 1024
/** A waking can be lost; then this finds what was missed. */
const pollMs = 5_000

/** Looks at a feed now, whenever it is announced, and now and then; one look at a time, so that frames stay in order. */
export const openSubscription = (
  ctx: Context,
  feed: Feed,
  { wake, send, bufferedBytes, failed }: Ports,
): OpenedSubscription => {
  let isWanted = feed.isPolled
  let isLooking = false
  let isMore = false
  const turn = createTurns(feed.pace)
  const closed = new AbortController()

  const look = async () => {
    if (isLooking) return
    isLooking = true
    try {
      while (isWanted && !closed.signal.aborted) {
        if (bufferedBytes() >= highWaterBytes) {
          await pause(feed.pace.everyMs)
          continue
        }
        const waitMs = isMore ? 0 : turn()
        if (waitMs > 0) await pause(waitMs)
        isWanted = false
        const found = await feed.next(ctx)
        for (const frame of found.frames) send(frame)
        isMore = found.isMore
        isWanted ||= isMore
      }
    } catch (error) {
      if (!closed.signal.aborted) failed(error)
    } finally {
      isLooking = false
    }
  }

  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

  const announced = () => {
    isWanted = true
    void look()
  }
  const stopHearing = wake.hear(feed.topic, announced)
  const poll = feed.isPolled ? setInterval(announced, pollMs) : undefined
  void look()

  return {
    close: () => {
      closed.abort()
      clearInterval(poll)
      stopHearing()
    },
  }
}
