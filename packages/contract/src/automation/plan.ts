import { SerialReference, Time, Uuid } from '../identifiers.ts'
import { z } from '../zod.ts'

const PlannedMethod = z.object({
  uuid: Uuid,
  type: z.string(),
  host: z.string(),
  port: z.number().int(),
  via: z.array(z.string()).optional().describe('names of the jump hosts on the way, the nearest first'),
})

export const PlannedStep = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  target: SerialReference,
  method: PlannedMethod.nullable().describe('null where nothing is reached out for'),
  credential: z.string().nullable().describe('name of the credential'),
  command: z
    .string()
    .describe('the literal text that will run, secrets masked; ‹…› stands for what is known only when it runs'),
  dependsOn: z
    .array(z.string())
    .describe('names in the text that are known only when it runs, such as steps.build.stdout'),
  mode: z.enum(['attached', 'detached']),
  timeoutSec: z.number().int().nullable(),
})
export type PlannedStep = z.infer<typeof PlannedStep>

export const PlannedBranch = z.object({
  number: z.string().describe('001, 002, …'),
  target: SerialReference,
  batch: z.number().int(),
  method: PlannedMethod,
  credential: z.string().nullable(),
  steps: z.array(PlannedStep),
})
export type PlannedBranch = z.infer<typeof PlannedBranch>

export const PlanChange = z.object({
  what: z.enum(['version', 'target', 'order', 'batch', 'step', 'method', 'credential', 'command', 'mode', 'timeout']),
  change: z.enum(['added', 'removed', 'changed']),
  target: SerialReference.nullable().describe('null where it is about the whole plan'),
  step: z.string().nullable().describe('name of the step; null where it is about the target'),
  before: z.string().nullable(),
  after: z.string().nullable(),
})
export type PlanChange = z.infer<typeof PlanChange>

/** What is different between two plans. Long texts are cut, and long lists, of which `total` says the length. */
export const PlanDiff = z.object({ changes: z.array(PlanChange), total: z.number().int() })
export type PlanDiff = z.infer<typeof PlanDiff>

/** What an execution would do. The same hash means the same targets, commands, methods, credentials and order. */
export const Plan = z.object({
  hash: z.string(),
  job: SerialReference.extend({ version: z.number().int() }),
  branches: z.array(PlannedBranch),
  warnings: z.array(z.string()),
  sinceSuccess: z
    .object({
      execution: z.object({ uuid: Uuid, ref: z.string(), finishedAt: Time.nullable() }),
      diff: PlanDiff,
    })
    .nullable()
    .describe('what is different from the last execution of this job that completed; null when none has'),
})
export type Plan = z.infer<typeof Plan>
