import { OsType, TargetHealth, TargetStatus, targets, z } from '@opsconductor/contract'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'
import { SearchFlag, SearchWord } from '../../ui/search-params.ts'

const listRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'targets',
  validateSearch: z.object({
    q: SearchWord,
    cursor: SearchWord,
    environment: SearchWord,
    tag: SearchWord,
    osType: OsType.optional().catch(undefined),
    health: TargetHealth.optional().catch(undefined),
    status: TargetStatus.optional().catch(undefined),
    sort: targets.list.query.shape.sort.removeDefault().optional().catch(undefined),
    archived: SearchFlag,
  }),
  component: lazyRouteComponent(() => import('./TargetsPage.tsx'), 'TargetsPage'),
})

const newRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'targets/new',
  component: lazyRouteComponent(() => import('./NewTargetPage.tsx'), 'NewTargetPage'),
})

const oneRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'targets/$ref',
  component: lazyRouteComponent(() => import('./TargetPage.tsx'), 'TargetPage'),
})

const editRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'targets/$ref/edit',
  component: lazyRouteComponent(() => import('./EditTargetPage.tsx'), 'EditTargetPage'),
})

export const targetsRoutes = [listRoute, newRoute, oneRoute, editRoute] as const
