import { api, isFinalExecution } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { useState, useSyncExternalStore } from 'react'
import { useLive, usePollWhenDown } from '../../live/index.ts'
import { call } from '../../session/index.ts'
import { createExecutionStore } from './execution-state.ts'

/** One execution with all its branches, kept up to date while it runs. For one execution; give the component a key. */
export const useExecution = (ref: string) => {
  const [store] = useState(createExecutionStore)
  const state = useSyncExternalStore(store.subscribe, store.read)
  const { execution } = state
  const isSettled = execution !== undefined && isFinalExecution(execution.status) && !execution.needsAttention
  const pollWhenDown = usePollWhenDown()

  const loading = useQuery({
    queryKey: ['execution', ref, 'whole'],
    queryFn: async ({ signal }) => {
      const params = { ref }
      const read = await call(api.executions.read, { params }, { signal })
      store.merge({ execution: read })
      let cursor: string | undefined
      do {
        const page = await call(api.executions.branches, { params, query: { limit: 200, cursor } }, { signal })
        store.merge({ branches: page.items })
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
      // what changes while the pages are read comes live: the number is that from before
      return { fromSeq: read.changeSeq }
    },
    // the rows live in the store, which begins anew with each visit
    gcTime: 0,
    staleTime: Infinity,
    refetchInterval: isSettled ? false : pollWhenDown,
  })

  const fromSeq = loading.data?.fromSeq
  useLive(fromSeq === undefined || isSettled ? null : { topic: 'execution', ref, from: fromSeq }, (frame) => {
    if (frame.type === 'execution') store.merge(frame)
  })
  return { ...state, merge: store.merge, error: loading.error, retry: () => void loading.refetch() }
}

/** The step results of a branch: read once, and again where the live connection is down. */
export const useSteps = (ref: string, number: string | undefined, store: ReturnType<typeof useExecution>) => {
  const pollWhenDown = usePollWhenDown()
  const { merge, steps } = store
  const reading = useQuery({
    queryKey: ['execution', ref, 'steps', number],
    queryFn: async ({ signal }) => {
      const { items } = await call(api.executions.steps, { params: { ref, number: Number(number) } }, { signal })
      merge({ steps: items })
      return items.length
    },
    enabled: number !== undefined,
    gcTime: 0,
    refetchInterval: pollWhenDown,
  })
  const known = steps.get(number ?? '') ?? []
  // what was read is on the screen a moment later
  const isLoading = reading.isPending || (known.length === 0 && (reading.data ?? 0) > 0)
  return { steps: known, isLoading, error: reading.error }
}
