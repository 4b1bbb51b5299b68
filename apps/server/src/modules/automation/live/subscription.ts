import type { ServerFrame } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import type { Wake } from '../../../kernel/wake/wake.ts'
import type { Feed } from './feeds.ts'

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
/** After a look that found nothing: short, but many announcements still become one look. */
const emptyPauseMs = 3
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
  const closed = new AbortController()

  const look = async () => {
    if (isLooking) return
    isLooking = true
    try {
      while (isWanted && !closed.signal.aborted) {
        if (bufferedBytes() >= highWaterBytes) {
          await pause(feed.pauseMs)
          continue
        }
        isWanted = false
        const { frames, isMore } = await feed.next(ctx)
        for (const frame of frames) send(frame)
        if (isMore) isWanted = true
        // a look that found nothing must not keep what comes right behind it waiting
        else await pause(frames.length === 0 ? Math.min(emptyPauseMs, feed.pauseMs) : feed.pauseMs)
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
