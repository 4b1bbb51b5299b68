import { type CallInput, type Page, ProblemError, type Route, type RouteAnswer } from '@opsconductor/contract'
import { QueryClient, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from './index.ts'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // what the server refused it refuses again; only a missing answer is asked for twice
      retry: (failures, error) => failures < 2 && !(error instanceof ProblemError && error.problem.status < 500),
    },
  },
})

/**
 * A route as a query: `useQuery(queryOf(api.targets.read, { params: { ref } }))`. The key starts with the first word
 * of the path, so that `changed('targets')` reaches every list and detail of targets.
 */
export const queryOf = <R extends Route>(route: R, input: CallInput<R>) =>
  queryOptions({
    queryKey: [route.path.split('/')[1], route.path, input],
    queryFn: ({ signal }): Promise<RouteAnswer<R>> => call(route, input, { signal }),
  })

/** A list as a query: while the next page or another filter loads, the last one stays. */
export const listOf = <R extends Route>(route: R, input: CallInput<R>) => ({
  ...queryOf(route, input),
  placeholderData: keepPreviousData<RouteAnswer<R>>,
})

export type ItemOf<R extends Route> = RouteAnswer<R> extends Page<infer T> ? T : never

/** Everything read of this feature is asked for again: `await changed('targets')`. */
export const changed = (feature: string) => queryClient.invalidateQueries({ queryKey: [feature] })
