import { CredentialType, z } from '@opsconductor/contract'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'
import { SearchFlag, SearchWord } from '../../ui/search-params.ts'

const listRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'credentials',
  validateSearch: z.object({
    q: SearchWord,
    cursor: SearchWord,
    type: CredentialType.optional().catch(undefined),
    archived: SearchFlag,
  }),
  component: lazyRouteComponent(() => import('./CredentialsPage.tsx'), 'CredentialsPage'),
})

const newRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'credentials/new',
  validateSearch: z.object({ type: CredentialType.optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('./NewCredentialPage.tsx'), 'NewCredentialPage'),
})

const oneRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'credentials/$ref',
  component: lazyRouteComponent(() => import('./CredentialPage.tsx'), 'CredentialPage'),
})

export const credentialsRoutes = [listRoute, newRoute, oneRoute] as const
