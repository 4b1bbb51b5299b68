import { BranchNumber, ExecutionRef, isOneLine } from '../identifiers.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'
import { Branch } from './executions.ts'

export const ResolveRequest = z.strictObject({
  as: z
    .enum(['completed', 'again', 'failed'])
    .describe(
      'completed: the step has run, go on with the next one; again: run the step again; failed: give the branch up',
    ),
  note: z.string().trim().max(1_000).refine(isOneLine, 'one line').optional().describe('why; kept in the audit trail'),
})
export type ResolveRequest = z.infer<typeof ResolveRequest>

export const branches = {
  resolve: route({
    method: 'POST',
    path: '/executions/:ref/branches/:number/resolve',
    summary: 'Say what became of a lost step, so that its branch can go on or end',
    access: 'executions.resolve',
    params: z.object({ ref: ExecutionRef, number: BranchNumber }),
    body: ResolveRequest,
    status: 202,
    answer: Branch,
  }),
}
