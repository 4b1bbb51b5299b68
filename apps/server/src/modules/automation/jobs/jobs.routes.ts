import { api } from '@opsconductor/contract'
import { on } from '../../../kernel/http/endpoints.ts'
import type { Plans } from '../plans/plans.ts'
import type { Jobs } from './jobs.ts'

export const jobRoutes = ({ jobs, plans }: { jobs: Jobs; plans: Plans }) => [
  on(api.jobs.list, (ctx, { query }) => jobs.list(ctx, query)),
  on(api.jobs.read, (ctx, { params }) => jobs.read(ctx, params.ref)),
  on(api.jobs.create, (ctx, { body }) => jobs.create(ctx, body)),
  on(api.jobs.replace, (ctx, { params, body }, { ifRevision }) => jobs.replace(ctx, params.ref, body, ifRevision)),
  on(api.jobs.update, (ctx, { params, body }, { ifRevision }) => jobs.update(ctx, params.ref, body, ifRevision)),
  on(api.jobs.versions, (ctx, { params, query }) => jobs.versions(ctx, params.ref, query)),
  on(api.jobs.version, (ctx, { params }) => jobs.version(ctx, params.ref, params.version)),
  on(api.jobs.archive, (ctx, { params }) => jobs.archive(ctx, params.ref)),
  on(api.jobs.restore, (ctx, { params }) => jobs.restore(ctx, params.ref)),
  on(api.jobs.delete, (ctx, { params }) => jobs.archive(ctx, params.ref)),
  on(api.jobs.plan, (ctx, { params, body }) => plans.preview(ctx, params.ref, body)),
]
