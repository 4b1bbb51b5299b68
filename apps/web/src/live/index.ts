import { type ListTopic, type Subscription, apiBase, livePath } from '@opsconductor/contract'
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'
import { session } from '../session/index.ts'
import { changed } from '../session/queries.ts'
import { type LiveFrame, createLive } from './connection.ts'
import { wait } from './timers.ts'

export type { LiveFrame, LiveStatus } from './connection.ts'

const live = createLive({
  // a relative URL: the browser makes ws: or wss: of it, at the host that served this page
  url: `${apiBase}${livePath}`,
  accessToken: session.accessToken,
  renewInMs: session.renewInMs,
})

export const useLiveStatus = () => useSyncExternalStore(live.watch, live.status)

/**
 * Frames of a subscription while the component is there; null for none. A subscription that means the same does not
 * start anew when the component is drawn again.
 */
export const useLive = (to: Subscription | null, onFrame: (frame: LiveFrame) => void) => {
  const hear = useEffectEvent(onFrame)
  const key = to === null ? '' : JSON.stringify(to)
  useEffect(
    () => (key === '' ? undefined : live.subscribe(JSON.parse(key) as Subscription, (frame) => hear(frame))),
    [key],
  )
}

const restMs = 1_000

/** What is read of this topic is asked for again when it changed, at most once in a second. */
export const useLiveList = (topic: ListTopic, ...alsoChanged: string[]) => {
  const others = alsoChanged.join(' ')
  useEffect(() => {
    let resting: { stop: () => void } | undefined
    let hasMore = false
    const refresh = () => {
      for (const feature of [topic, ...others.split(' ').filter(Boolean)]) void changed(feature)
      resting = wait(restMs, () => {
        resting = undefined
        if (!hasMore) return
        hasMore = false
        refresh()
      })
    }
    const unsubscribe = live.subscribe({ topic }, ({ type }) => {
      if (type !== 'changed') return
      if (resting === undefined) refresh()
      else hasMore = true
    })
    return () => {
      resting?.stop()
      unsubscribe()
    }
  }, [topic, others])
}

/** How often one asks while nothing comes live. */
export const pollEveryMs = 5_000

type Read = { state: { data: unknown } }

/**
 * For `refetchInterval`: while the live connection is down, one asks now and then instead. What could not be read at all
 * comes back by itself (`session/recovery.ts`).
 */
export const usePollWhenDown = () => {
  const isDown = useLiveStatus() === 'down'
  return ({ state }: Read) => isDown && state.data !== undefined && pollEveryMs
}
