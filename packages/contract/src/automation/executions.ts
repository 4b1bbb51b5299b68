import { Fault } from '../assets/connection-tests.ts'
import { BranchNumber, ExecutionRef, Ref, SerialReference, Time, Uuid } from '../identifiers.ts'
import { Flag, ListQuery, pageOf } from '../lists.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'
import { Strategy, Values } from './job-document.ts'
import { RunRequest } from './jobs.ts'
import { LogCategory, LogLevel, LogLine, LogPhase } from './log.ts'
import { OutputMatches, OutputPage, OutputQuery, OutputSearchQuery } from './output.ts'
import { BranchStatus, CancelOutcome, ExecutionStatus, StepStatus } from './states.ts'

const count = z.number().int()

export const Execution = z.object({
  uuid: Uuid,
  ref: z.string().describe('JOB-2026-000001.12'),
  number: count,
  job: SerialReference.extend({ version: count }),
  status: ExecutionStatus,
  needsAttention: z.boolean().describe('a branch is lost: somebody has to say what became of it'),
  cancelOutcome: CancelOutcome.nullable(),
  message: z.string().nullable(),
  requestedBy: z.string(),
  trigger: z.enum(['manual', 'rerun']),
  rerunOf: Uuid.nullable(),
  parameters: Values.describe('secret ones are masked'),
  strategy: Strategy,
  planHash: z.string(),
  counts: z.object({
    total: count,
    scheduled: count,
    queued: count,
    running: count,
    completed: count,
    failed: count,
    cancelled: count,
    skipped: count,
    lost: count,
  }),
  scheduledAt: Time.nullable(),
  queuedAt: Time,
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  changeSeq: count,
})
export type Execution = z.infer<typeof Execution>

export const Branch = z.object({
  uuid: Uuid,
  number: z.string(),
  target: SerialReference,
  batch: count,
  status: BranchStatus,
  attempt: count,
  fault: Fault.nullable(),
  message: z.string().nullable(),
  cancelOutcome: CancelOutcome.nullable(),
  outputLines: count,
  queuedAt: Time.nullable(),
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  changeSeq: count,
})
export type Branch = z.infer<typeof Branch>

/** How long each part of a step took, in milliseconds; null where it did not come to that. */
export const StepTimings = z.object({
  connectMs: z.number().nullable(),
  runMs: z.number().nullable(),
  collectMs: z.number().nullable(),
})

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
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  timings: StepTimings,
  outputBytes: count,
  isOutputTruncated: z.boolean().describe('it was longer than the limit of a step'),
  isOutputIncomplete: z.boolean().describe('part of it could not be stored'),
  changeSeq: count,
})
export type StepResult = z.infer<typeof StepResult>

export const StartRequest = RunRequest.extend({
  planHash: z.string().max(100).optional().describe('run exactly this plan, or answer 409'),
})
export type StartRequest = z.infer<typeof StartRequest>

const params = z.object({ ref: ExecutionRef })
const branchParams = params.extend({ number: BranchNumber })

export const executions = {
  start: route({
    method: 'POST',
    path: '/jobs/:ref/executions',
    summary: 'Run a job; send Idempotency-Key to be safe against repeated requests',
    access: 'executions.start',
    params: z.object({ ref: Ref }),
    body: StartRequest.optional(),
    status: 202,
    answer: Execution,
  }),
  list: route({
    method: 'GET',
    path: '/executions',
    summary: 'List executions, newest first',
    access: 'executions.read',
    query: ListQuery.extend({
      job: Ref.optional(),
      target: Ref.optional(),
      status: ExecutionStatus.optional(),
      needsAttention: Flag.optional().describe('those with a branch about which somebody has to say what became of it'),
      queuedAfter: Time.optional().describe('queued then or later'),
      queuedBefore: Time.optional().describe('queued before then'),
    }),
    status: 200,
    answer: pageOf(Execution),
  }),
  read: route({
    method: 'GET',
    path: '/executions/:ref',
    summary: 'One execution',
    access: 'executions.read',
    params,
    status: 200,
    answer: Execution,
  }),
  branches: route({
    method: 'GET',
    path: '/executions/:ref/branches',
    summary: 'Its branches by number',
    access: 'executions.read',
    params,
    query: ListQuery.extend({ status: BranchStatus.optional() }),
    status: 200,
    answer: pageOf(Branch),
  }),
  steps: route({
    method: 'GET',
    path: '/executions/:ref/branches/:number/steps',
    summary: 'The step results of a branch',
    access: 'executions.read',
    params: branchParams,
    status: 200,
    answer: z.object({ items: z.array(StepResult) }),
  }),
  allSteps: route({
    method: 'GET',
    path: '/executions/:ref/steps',
    summary: 'The step results of all branches',
    access: 'executions.read',
    params,
    query: ListQuery,
    status: 200,
    answer: pageOf(StepResult),
  }),
  output: route({
    method: 'GET',
    path: '/executions/:ref/branches/:number/output',
    summary: 'Lines of output, by range',
    access: 'executions.read',
    params: branchParams,
    query: OutputQuery,
    status: 200,
    answer: OutputPage,
  }),
  searchOutput: route({
    method: 'GET',
    path: '/executions/:ref/branches/:number/output/search',
    summary: 'Lines that contain a text, upper and lower case alike unless told otherwise',
    access: 'executions.read',
    params: branchParams,
    query: OutputSearchQuery,
    status: 200,
    answer: OutputMatches,
  }),
  rawOutput: route({
    method: 'GET',
    path: '/executions/:ref/branches/:number/output.txt',
    summary: 'The output as it came, also while it runs; a part of it with Range',
    access: 'executions.read',
    params: branchParams,
    query: z.object({ stream: z.enum(['stdout', 'stderr']).optional() }),
    status: 200,
    answer: 'bytes',
  }),
  log: route({
    method: 'GET',
    path: '/executions/:ref/log',
    summary: 'Its lifecycle, line by line',
    access: 'executions.read',
    params,
    query: ListQuery.extend({
      phase: LogPhase.optional(),
      level: LogLevel.optional(),
      category: LogCategory.optional(),
      branch: BranchNumber.optional(),
    }),
    status: 200,
    answer: pageOf(LogLine),
  }),
  cancel: route({
    method: 'POST',
    path: '/executions/:ref/cancel',
    summary: 'Cancel, and stop the remote processes',
    access: 'executions.cancel',
    params,
    status: 202,
    answer: Execution,
  }),
  rerun: route({
    method: 'POST',
    path: '/executions/:ref/rerun',
    summary: 'Run again with the same version and values, on all targets or only those that failed',
    access: 'executions.start',
    params,
    body: z.strictObject({ only: z.literal('failed').optional() }).optional(),
    status: 202,
    answer: Execution,
  }),
}
