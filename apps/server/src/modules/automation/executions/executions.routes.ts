import { api } from '@opsconductor/contract'
import { on } from '../../../kernel/http/endpoints.ts'
import type { Output } from '../output/output.ts'
import type { Executions } from './executions.ts'
import type { LostBranches } from './lost-branches.ts'

export const executionRoutes = ({
  executions,
  output,
  lostBranches,
}: {
  executions: Executions
  output: Output
  lostBranches: LostBranches
}) => [
  on(api.executions.start, (ctx, { params, body }, { idempotencyKey }) =>
    executions.start(ctx, params.ref, body ?? {}, idempotencyKey),
  ),
  on(api.executions.list, (ctx, { query }) => executions.list(ctx, query)),
  on(api.executions.read, (ctx, { params }) => executions.read(ctx, params.ref)),
  on(api.executions.branches, (ctx, { params, query }) => executions.branches(ctx, params.ref, query)),
  on(api.executions.branch, (ctx, { params }) => executions.branch(ctx, params.ref, params.number)),
  on(api.executions.steps, (ctx, { params }) => executions.steps(ctx, params.ref, params.number)),
  on(api.executions.allSteps, (ctx, { params, query }) => executions.allSteps(ctx, params.ref, query)),
  on(api.executions.output, (ctx, { params, query }) => output.page(ctx, params, query)),
  on(api.executions.searchOutput, (ctx, { params, query }) => output.search(ctx, params, query)),
  on(api.executions.rawOutput, async (ctx, { params, query }, exchange) => {
    exchange.answerBytes(await output.raw(ctx, params, query.stream))
  }),
  on(api.executions.log, (ctx, { params, query }) => executions.log(ctx, params.ref, query)),
  on(api.branches.resolve, (ctx, { params, body }) => lostBranches.resolve(ctx, params.ref, params.number, body)),
  on(api.executions.cancel, (ctx, { params }) => executions.cancel(ctx, params.ref)),
  on(api.executions.pause, (ctx, { params }) => executions.pause(ctx, params.ref)),
  on(api.executions.continue, (ctx, { params }) => executions.continue(ctx, params.ref)),
  on(api.executions.rerun, (ctx, { params, body }, { idempotencyKey }) =>
    executions.rerun(ctx, params.ref, body ?? {}, idempotencyKey),
  ),
]
