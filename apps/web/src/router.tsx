import { createRouter } from '@tanstack/react-router'
import { lineOf } from './output/line-address.ts'
import { credentialsRoutes } from './pages/credentials/routes.tsx'
import { dashboardRoutes } from './pages/dashboard/routes.tsx'
import { executionsRoutes } from './pages/executions/routes.tsx'
import { executorsRoutes } from './pages/executors/routes.tsx'
import { jobsRoutes } from './pages/jobs/routes.tsx'
import { loginRoutes } from './pages/login/routes.tsx'
import { NotFound } from './pages/NotFound.tsx'
import { profileRoutes } from './pages/profile/routes.tsx'
import { targetsRoutes } from './pages/targets/routes.tsx'
import { usersRoutes } from './pages/users/routes.tsx'
import { appRoute, nowhereRoute, rootRoute } from './routes.tsx'
import { PageError } from './ui/PageError.tsx'
import { PagePending } from './ui/PagePending.tsx'
import { parseSearch, stringifySearch } from './ui/search-params.ts'

const routeTree = rootRoute.addChildren([
  ...loginRoutes,
  appRoute.addChildren([
    ...dashboardRoutes,
    ...jobsRoutes,
    ...executionsRoutes,
    ...executorsRoutes,
    ...targetsRoutes,
    ...credentialsRoutes,
    ...usersRoutes,
    ...profileRoutes,
    nowhereRoute,
  ]),
])

export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: PageError,
  defaultPendingComponent: PagePending,
  defaultPendingMs: 250,
  // to a line of output the viewer goes by itself, and must not be put back to where it was
  scrollRestoration: ({ location }) => lineOf(location.hash) === undefined,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
  interface HistoryState {
    /** The cursors of the pages before this one, so that "previous" works in lists that only know "next". */
    trail?: (string | undefined)[]
  }
}
