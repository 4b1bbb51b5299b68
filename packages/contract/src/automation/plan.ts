import { SerialReference, Uuid } from '../identifiers.ts'
import { z } from '../zod.ts'

export const PlannedStep = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  target: SerialReference,
  method: z.object({ uuid: Uuid, type: z.string(), host: z.string(), port: z.number().int() }),
  credential: z.string().nullable().describe('name of the credential'),
  command: z.string().describe('the literal text that will run, secrets masked'),
  mode: z.enum(['attached', 'detached']),
  timeoutSec: z.number().int().nullable(),
})
export type PlannedStep = z.infer<typeof PlannedStep>

export const PlannedBranch = z.object({
  number: z.string().describe('001, 002, …'),
  target: SerialReference,
  batch: z.number().int(),
  method: PlannedStep.shape.method,
  credential: z.string().nullable(),
  steps: z.array(PlannedStep),
})
export type PlannedBranch = z.infer<typeof PlannedBranch>

/** What an execution would do. The same hash means the same targets, commands, methods, credentials and order. */
export const Plan = z.object({
  hash: z.string(),
  job: SerialReference.extend({ version: z.number().int() }),
  branches: z.array(PlannedBranch),
  warnings: z.array(z.string()),
})
export type Plan = z.infer<typeof Plan>
