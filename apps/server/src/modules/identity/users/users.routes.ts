import { api } from '@opsconductor/contract'
import { on } from '../../../kernel/http/endpoints.ts'
import type { Roles } from '../roles/roles.ts'
import type { Users } from './users.ts'

export const userRoutes = ({ users, roles }: { users: Users; roles: Roles }) => [
  on(api.users.list, (ctx, { query }) => users.list(ctx, query)),
  on(api.users.read, (ctx, { params }) => users.read(ctx, params.ref)),
  on(api.users.create, (ctx, { body }) => users.create(ctx, body)),
  on(api.users.update, (ctx, { params, body }) => users.update(ctx, params.ref, body)),
  on(api.users.deactivate, (ctx, { params }) => users.deactivate(ctx, params.ref)),
  on(api.roles.list, (ctx) => roles.list(ctx)),
]
