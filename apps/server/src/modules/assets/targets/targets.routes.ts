import { api } from '@opsconductor/contract'
import { on } from '../../../kernel/http/endpoints.ts'
import type { Targets } from './targets.ts'

export const targetRoutes = ({ targets }: { targets: Targets }) => [
  on(api.targets.list, (ctx, { query }) => targets.list(ctx, query)),
  on(api.targets.tags, (ctx, { query }) => targets.tags(ctx, query)),
  on(api.targets.read, (ctx, { params }) => targets.read(ctx, params.ref)),
  on(api.targets.create, (ctx, { body }) => targets.create(ctx, body)),
  on(api.targets.update, (ctx, { params, body }, { ifRevision }) => targets.update(ctx, params.ref, body, ifRevision)),
  on(api.targets.replace, (ctx, { params, body }, { ifRevision }) =>
    targets.replace(ctx, params.ref, body, ifRevision),
  ),
  on(api.targets.archive, (ctx, { params }, { ifRevision }) => targets.archive(ctx, params.ref, ifRevision)),
  on(api.targets.restore, (ctx, { params }, { ifRevision }) => targets.restore(ctx, params.ref, ifRevision)),
  on(api.targets.delete, (ctx, { params }, { ifRevision }) => targets.archive(ctx, params.ref, ifRevision)),
]
