import { api } from '@opsconductor/contract'
import { on } from '../../../kernel/http/endpoints.ts'
import type { HostKeys } from './host-keys.ts'

export const hostKeyRoutes = ({ hostKeys }: { hostKeys: HostKeys }) => [
  on(api.targets.hostKeys, (ctx, { params }) => hostKeys.list(ctx, params.ref)),
  on(api.targets.forgetHostKeys, (ctx, { params }) => hostKeys.forget(ctx, params.ref, params.method)),
]
