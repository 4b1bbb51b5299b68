import { api } from '@opsconductor/contract'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { useLive, usePollWhenDown } from '../live/index.ts'
import { call } from '../session/index.ts'
import { createFeed } from './feed.ts'

/** The output of a branch: pages as they are looked at, and what comes live. For one branch; give the component a key. */
export const useOutput = (ref: string, branch: number) => {
  const [feed] = useState(() =>
    createFeed({
      load: (fromLine, limit, signal) =>
        call(api.executions.output, { params: { ref, number: branch }, query: { fromLine, limit } }, { signal }),
    }),
  )
  useEffect(() => feed.open(), [feed])

  const { startSeq } = useSyncExternalStore(feed.subscribe, feed.read)
  const mayGrow = startSeq !== undefined && !feed.lines.isComplete
  useLive(mayGrow ? { topic: 'output', ref, branch, from: startSeq } : null, (frame) => {
    if (frame.type === 'output') feed.receive(frame)
  })

  const pollEvery = usePollWhenDown()
  useEffect(() => {
    if (pollEvery === false || !mayGrow) return undefined
    const polling = setInterval(feed.poll, pollEvery)
    return () => clearInterval(polling)
  }, [feed, pollEvery, mayGrow])
  return feed
}
