import { api } from '@opsconductor/contract'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { pollEveryMs, useLive, useLiveStatus } from '../live/index.ts'
import { call } from '../session/index.ts'
import { isOutage, whenBack } from '../session/recovery.ts'
import { createFeed } from './feed.ts'

/** Of half a megabyte each. */
const answersMax = 20

/** The output of a branch: pages as they are looked at, and what comes live. For one branch; give the component a key. */
export const useOutput = (ref: string, branch: number) => {
  const [feed] = useState(() =>
    createFeed({
      load: async (fromLine, limit, signal) => {
        const ask = (cursor?: string) =>
          call(
            api.executions.output,
            { params: { ref, number: branch }, query: { fromLine, limit, cursor } },
            { signal },
          )
        const page = await ask()
        // long lines come in several answers; a browser is not asked to hold more than some megabytes of them
        let { nextCursor } = page
        for (let answers = 1; nextCursor !== null && answers < answersMax; answers += 1) {
          const more = await ask(nextCursor)
          page.items.push(...more.items)
          nextCursor = more.nextCursor
        }
        return page
      },
    }),
  )
  useEffect(() => feed.open(), [feed])

  const { startSeq, error } = useSyncExternalStore(feed.subscribe, feed.read)
  const mayGrow = startSeq !== undefined && !feed.lines.isComplete
  useLive(mayGrow ? { topic: 'output', ref, branch, from: startSeq } : null, (frame) => {
    if (frame.type === 'output') feed.receive(frame)
  })

  const isDown = useLiveStatus() === 'down'
  useEffect(() => {
    if (!isDown || !mayGrow) return undefined
    const polling = setInterval(feed.poll, pollEveryMs)
    return () => clearInterval(polling)
  }, [feed, isDown, mayGrow])

  const isAway = isOutage(error)
  useEffect(() => (isAway ? whenBack(feed.retry) : undefined), [feed, isAway])
  return feed
}
