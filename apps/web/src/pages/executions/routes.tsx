import { createRoute } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'

const executionsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'executions',
  component: () => <PageHeader title="Executions" />,
})

export const executionsRoutes = [executionsRoute] as const
