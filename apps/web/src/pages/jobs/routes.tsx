import { createRoute } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'

const jobsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'jobs',
  component: () => <PageHeader title="Jobs" />,
})

export const jobsRoutes = [jobsRoute] as const
