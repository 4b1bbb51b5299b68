import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'

const credentialsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'credentials',
  component: lazyRouteComponent(() => import('./CredentialsPage.tsx'), 'CredentialsPage'),
})

export const credentialsRoutes = [credentialsRoute] as const
