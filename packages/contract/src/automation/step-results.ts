import { Fault } from '../assets/connection-tests.ts'
import { SerialReference, Time } from '../identifiers.ts'
import { z } from '../zod.ts'
import { StepStatus } from './states.ts'

const count = z.number().int()

/** How long each part of a step took, in milliseconds; null where it did not come to that. */
export const StepTimings = z.object({
  waitMs: z.number().nullable().describe('in the queue, before an executor had the branch; 0 where it had it already'),
  connectMs: z.number().nullable().describe('with the log-in'),
  authenticateMs: z.number().nullable().describe('the log-in alone; null where an open connection was used'),
  runMs: z.number().nullable(),
  collectMs: z.number().nullable(),
})
export type StepTimings = z.infer<typeof StepTimings>

/** What a copy came to. */
export const Copied = z.object({
  files: count,
  folders: count,
  links: count,
  sizeBytes: count,
  verifiedBy: z.enum(['sha256', 'cksum']).describe('how what arrived was compared with what was sent'),
  sha256: z.string().nullable().describe('of the one file; null of a folder'),
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })).describe('what was left out; the first 100'),
})
export type Copied = z.infer<typeof Copied>

export const StepResult = z.object({
  branch: z.string(),
  index: count,
  attempt: count.describe('1, and one more with each retry'),
  id: z.string(),
  name: z.string(),
  type: z.string(),
  status: StepStatus,
  target: SerialReference.nullable(),
  method: z.string().nullable(),
  credential: z.string().nullable(),
  mode: z.enum(['attached', 'detached']),
  command: z.string().describe('what ran, secrets masked'),
  exitCode: count.nullable(),
  signal: z.string().nullable(),
  fault: Fault.nullable(),
  message: z.string().nullable(),
  copied: Copied.optional().describe('of a step ssh.copy or winrm.copy that completed'),
  executor: z.string().nullable().describe('who began it: host name and process'),
  dueAt: Time.nullable().describe('a step that waits: until then'),
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  timings: StepTimings,
  outputBytes: count,
  isOutputTruncated: z.boolean().describe('it was longer than the limit of a step'),
  isOutputIncomplete: z.boolean().describe('part of it could not be stored'),
  changeSeq: count,
})
export type StepResult = z.infer<typeof StepResult>
