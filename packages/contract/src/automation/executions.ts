import { Fault } from '../assets/connection-tests.ts'
import { BranchNumber, ExecutionRef, Ref, SerialReference, Time, Uuid } from '../identifiers.ts'
import { Flag, ListQuery, PageQuery, pageOf } from '../lists.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'
import { Values } from './job-document.ts'
import { RunRequest } from './jobs.ts'
import { LogCategory, LogLevel, LogLine, LogPhase } from './log.ts'
import { OutputMatches, OutputPage, OutputQuery, OutputSearchQuery } from './output.ts'
import { BranchStatus, CancelOutcome, ExecutionStatus } from './states.ts'
import { StepResult } from './step-results.ts'
import { Strategy } from './strategy.ts'
import { Waiting } from './waiting.ts'

const count = z.number().int()

export const Execution = z.object({
  uuid: Uuid,
  ref: z.string().describe('JOB-2026-000001.12'),
  number: count,
  job: SerialReference.extend({ version: count }),
  status: ExecutionStatus,
  needsAttention: z.boolean().describe('a branch is lost: somebody has to say what became of it'),
  cancelRequestedAt: Time.nullable().describe(
    'it is to be stopped since then; it has ended once nothing runs any more',
  ),
  cancelRequestedBy: z.string().nullable().describe('null where its time limit did'),
  cancelOutcome: CancelOutcome.nullable(),
  message: z.string().nullable(),
  requestedBy: z.string(),
  trigger: z.enum(['manual', 'rerun']),
  rerunOf: Uuid.nullable(),
  parameters: Values.describe('secret ones are masked'),
  strategy: Strategy,
  priority: count.describe('those with a higher one begin first'),
  timeoutSec: count.nullable().describe('it is stopped so many seconds after it began to run'),
  timedOutAt: Time.nullable().describe('its time was over then, and it was stopped'),
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
  pausedAt: Time.nullable(),
  pausedBy: z.string().nullable().describe('null where the strategy paused'),
  scheduledAt: Time.nullable(),
  queuedAt: Time,
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  changeSeq: count,
})
export type Execution = z.infer<typeof Execution>

const waitingFor = Waiting.nullable().describe('why it does not go on; null when it does, or has ended')

export const ExecutionDetail = Execution.extend({ waitingFor })
export type ExecutionDetail = z.infer<typeof ExecutionDetail>

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
  dueAt: Time.nullable().describe('a step waits until then, and no executor holds the branch meanwhile'),
  queuedAt: Time.nullable(),
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  changeSeq: count,
})
export type Branch = z.infer<typeof Branch>

export const BranchDetail = Branch.extend({ waitingFor })
export type BranchDetail = z.infer<typeof BranchDetail>

export const StartRequest = RunRequest.extend({
  planHash: z.string().max(100).optional().describe('run exactly this plan, or answer 409'),
  priority: z
    .number()
    .int()
    .min(-100)
    .max(100)
    .optional()
    .describe('0 where absent; those with a higher one begin first'),
})
export type StartRequest = z.infer<typeof StartRequest>

/** Without any of it, all is run again. */
export const RerunRequest = z.strictObject({
  only: z.literal('failed').optional().describe('the targets whose branch did not complete'),
  from: z.literal('failed').optional().describe('those targets, each from its first step that did not complete'),
  confirm: z.boolean().optional().describe('go on from the failed step although the job has a newer version now'),
})
export type RerunRequest = z.infer<typeof RerunRequest>

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
    summary: 'One execution, and what it waits for',
    access: 'executions.read',
    params,
    status: 200,
    answer: ExecutionDetail,
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
  branch: route({
    method: 'GET',
    path: '/executions/:ref/branches/:number',
    summary: 'One branch, and what it waits for',
    access: 'executions.read',
    params: branchParams,
    status: 200,
    answer: BranchDetail,
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
    query: PageQuery,
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
  pause: route({
    method: 'POST',
    path: '/executions/:ref/pause',
    summary: 'Begin no further branch; what runs ends on its own',
    access: 'executions.pause',
    params,
    status: 202,
    answer: Execution,
  }),
  continue: route({
    method: 'POST',
    path: '/executions/:ref/continue',
    summary: 'Let a paused execution go on, with its next batch where it waits between two',
    access: 'executions.pause',
    params,
    status: 202,
    answer: Execution,
  }),
  rerun: route({
    method: 'POST',
    path: '/executions/:ref/rerun',
    summary:
      'Run again with the same version and values: all, only what failed, or from the failed step on; send Idempotency-Key to be safe against repeated requests',
    access: 'executions.start',
    params,
    body: RerunRequest.optional(),
    status: 202,
    answer: Execution,
  }),
}
