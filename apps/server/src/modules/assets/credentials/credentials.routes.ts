import { api } from '@opsconductor/contract'
import { on } from '../../../kernel/http/endpoints.ts'
import type { Credentials } from './credentials.ts'

export const credentialRoutes = ({ credentials }: { credentials: Credentials }) => [
  on(api.credentials.list, (ctx, { query }) => credentials.list(ctx, query)),
  on(api.credentials.read, (ctx, { params }) => credentials.read(ctx, params.ref)),
  on(api.credentials.create, (ctx, { body }) => credentials.create(ctx, body)),
  on(api.credentials.update, (ctx, { params, body }, { ifRevision }) =>
    credentials.update(ctx, params.ref, body, ifRevision),
  ),
  on(api.credentials.rotate, (ctx, { params, body }, { ifRevision }) =>
    credentials.rotate(ctx, params.ref, body, ifRevision),
  ),
  on(api.credentials.uses, (ctx, { params, query }) => credentials.uses(ctx, params.ref, query)),
  on(api.credentials.archive, (ctx, { params }, { ifRevision }) => credentials.archive(ctx, params.ref, ifRevision)),
  on(api.credentials.restore, (ctx, { params }, { ifRevision }) => credentials.restore(ctx, params.ref, ifRevision)),
  on(api.credentials.delete, (ctx, { params }, { ifRevision }) => credentials.archive(ctx, params.ref, ifRevision)),
]
