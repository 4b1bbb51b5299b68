import { credentials } from './assets/credentials.ts'
import { targets } from './assets/targets.ts'
import { branches } from './automation/branches.ts'
import { executions } from './automation/executions.ts'
import { executors } from './automation/executors.ts'
import { jobs } from './automation/jobs.ts'
import { auth } from './identity/auth.ts'
import { roles, users } from './identity/users.ts'
import { auditTrail, dashboard } from './insight/dashboard.ts'
import type { Route } from './route.ts'

/** Every route of `/api/v1`. A route's name (`targets.create`) is also its permission's, rule's and audit line's name. */
export const api = {
  auth,
  users,
  roles,
  credentials,
  targets,
  jobs,
  executions,
  branches,
  executors,
  dashboard,
  audit: auditTrail,
}

export const apiBase = '/api/v1'

/** All routes with their names, for the walks: the server's registration, OpenAPI, the tests over every route. */
export const allRoutes = (): { name: string; route: Route }[] =>
  Object.entries(api).flatMap(([feature, routes]) =>
    Object.entries(routes).map(([verb, route]) => ({ name: `${feature}.${verb}`, route: route as Route })),
  )
