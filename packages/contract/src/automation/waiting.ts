import { z } from '../zod.ts'

/** Why something does not go on. */
export const WaitingKind = z.enum([
  'capacity', // as many executions run as may
  'job', // another execution of the job runs, and one of the two is to be alone
  'person', // paused, or a branch is lost
  'batch', // an earlier batch is not through
  'stage', // in lock-step, others have not come as far
  'concurrency', // as many branches run as the strategy lets
  'target', // another branch has the target for itself
  'executor', // nobody serves the zone
  'slots', // all executors of the zone are busy
  'time', // a step waits for a moment
  'turn', // it is about to begin
])
export type WaitingKind = z.infer<typeof WaitingKind>

/** What an execution or a branch waits for, in words and as links. */
export const Waiting = z.object({
  kind: WaitingKind,
  message: z.string().describe('a sentence for people'),
  references: z.array(
    z.object({
      kind: z.enum(['execution', 'target']),
      ref: z.string().describe('JOB-2026-000001.12 or TGT-2026-000001'),
      name: z.string(),
    }),
  ),
})
export type Waiting = z.infer<typeof Waiting>
