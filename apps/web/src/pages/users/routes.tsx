import { z } from '@opsconductor/contract'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'
import { SearchWord } from '../../ui/search-params.ts'

const listRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'users',
  validateSearch: z.object({
    q: SearchWord,
    cursor: SearchWord,
    status: z.enum(['active', 'deactivated']).optional().catch(undefined),
    view: z.literal('roles').optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./UsersPage.tsx'), 'UsersPage'),
})

const newRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'users/new',
  component: lazyRouteComponent(() => import('./NewUserPage.tsx'), 'NewUserPage'),
})

const oneRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'users/$ref',
  component: lazyRouteComponent(() => import('./UserPage.tsx'), 'UserPage'),
})

export const usersRoutes = [listRoute, newRoute, oneRoute] as const
