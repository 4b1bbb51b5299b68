import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'
import { ExecutionSearch, ListSearch } from './search.ts'

const executionsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'executions',
  validateSearch: ListSearch,
  component: lazyRouteComponent(() => import('./ExecutionsPage.tsx'), 'ExecutionsPage'),
})

const executionRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'executions/$ref',
  validateSearch: ExecutionSearch,
  component: lazyRouteComponent(() => import('./ExecutionPage.tsx'), 'ExecutionPage'),
})

export const executionsRoutes = [executionsRoute, executionRoute] as const
