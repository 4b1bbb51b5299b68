import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'

const usersRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'users',
  component: lazyRouteComponent(() => import('./UsersPage.tsx'), 'UsersPage'),
})

export const usersRoutes = [usersRoute] as const
