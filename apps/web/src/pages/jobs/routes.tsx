import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../routes.tsx'
import { EditorSearch, JobSearch, JobsSearch } from './search.ts'

const jobsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'jobs',
  validateSearch: JobsSearch,
  component: lazyRouteComponent(() => import('./JobsPage.tsx'), 'JobsPage'),
})

const newJobRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'jobs/new',
  validateSearch: EditorSearch,
  component: lazyRouteComponent(() => import('./editor/NewJobPage.tsx'), 'NewJobPage'),
})

const jobRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'jobs/$ref',
  validateSearch: JobSearch,
  component: lazyRouteComponent(() => import('./JobPage.tsx'), 'JobPage'),
})

const editJobRoute = createRoute({
  getParentRoute: () => appRoute,
  path: 'jobs/$ref/edit',
  validateSearch: EditorSearch,
  component: lazyRouteComponent(() => import('./editor/EditJobPage.tsx'), 'EditJobPage'),
})

export const jobsRoutes = [jobsRoute, newJobRoute, jobRoute, editJobRoute] as const
