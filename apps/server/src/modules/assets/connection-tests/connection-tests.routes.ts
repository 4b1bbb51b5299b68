import { api } from '@opsconductor/contract'
import { on } from '../../../kernel/http/endpoints.ts'
import type { ConnectionTests } from './connection-tests.ts'

export const connectionTestRoutes = ({ connectionTests }: { connectionTests: ConnectionTests }) => [
  on(api.targets.test, (ctx, { params, query, body }) =>
    connectionTests.start(ctx, params.ref, { method: body?.method, type: query.type }),
  ),
  on(api.targets.readTest, (ctx, { params }) => connectionTests.read(ctx, params.ref, params.test)),
]
