import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'

const executorsPage = createRoute({
  getParentRoute: () => appRoute,
  path: 'executors',
  component: lazyRouteComponent(() => import('./ExecutorsPage.tsx'), 'ExecutorsPage'),
})

export const executorsRoutes = [executorsPage] as const
