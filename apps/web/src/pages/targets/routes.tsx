import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'

const targetsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'targets',
  component: lazyRouteComponent(() => import('./TargetsPage.tsx'), 'TargetsPage'),
})

export const targetsRoutes = [targetsRoute] as const
