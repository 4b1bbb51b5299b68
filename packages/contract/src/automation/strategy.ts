import { z } from '../zod.ts'

const percentage = z.string().regex(/^(100|[1-9]?[0-9])%$/, 'a number or a percentage')

/** How the branches of an execution follow one another, and what they keep out of the way of. */
export const Strategy = z.strictObject({
  concurrency: z.number().int().min(1).max(10_000).optional().describe('how many branches at once; all where absent'),
  batches: z
    .array(z.union([z.number().int().min(1), percentage]))
    .min(1)
    .max(50)
    .optional()
    .describe('sizes of the first batches; the last one repeats'),
  pauseBetweenBatches: z.boolean().optional().describe('each further batch begins when a person lets it'),
  pace: z
    .enum(['free', 'lock_step'])
    .optional()
    .describe('lock_step: all branches of a batch end a step before any begins the next; free where absent'),
  maxFailures: z
    .union([z.number().int().min(0).max(10_000), percentage])
    .optional()
    .describe('starts nothing more after more failed branches of one batch than this; a percentage is of the batch'),
  order: z
    .enum(['given', 'name', 'random'])
    .optional()
    .describe('which targets come first; as they are given where absent'),
  exclusive: z
    .enum(['job', 'target'])
    .optional()
    .describe('one execution of the job at a time, or one branch on a target among those that ask for it'),
})
export type Strategy = z.infer<typeof Strategy>
