import { api } from '@opsconductor/contract'
import { on } from '../../../kernel/http/endpoints.ts'
import type { Executors } from './executors.ts'

export const executorRoutes = ({ executors }: { executors: Executors }) => [
  on(api.executors.list, (ctx) => executors.list(ctx)),
]
