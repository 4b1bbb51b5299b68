import { BranchNumber, ExecutionRef } from '../identifiers.ts'
import { Problem } from '../problems.ts'
import { z } from '../zod.ts'
import { Branch, Execution } from './executions.ts'
import { StepResult } from './step-results.ts'
import { LogLine } from './log.ts'
import { OutputLine } from './output.ts'

/**
 * The conversation of `WS /api/v1/live`. The first frame authenticates, and again before the token ends, on the same
 * connection. A subscription says from which number on; the server sends what is missing and then what comes, in order
 * and without gaps; after a cut one subscribes again from the last number seen. Topics of lists only say "changed".
 */
const id = z.string().min(1).max(60).describe('the client’s own name for the subscription')
const from = z.number().int().min(0).default(0).describe('last number already seen')

export const ListTopic = z.enum(['targets', 'credentials', 'jobs', 'executions', 'users'])
export type ListTopic = z.infer<typeof ListTopic>

export const Subscription = z.discriminatedUnion('topic', [
  z.strictObject({ topic: z.literal('execution'), ref: ExecutionRef, from }),
  z.strictObject({ topic: z.literal('output'), ref: ExecutionRef, branch: BranchNumber, from }),
  z.strictObject({ topic: z.literal('log'), ref: ExecutionRef, from }),
  ...ListTopic.options.map((topic) => z.strictObject({ topic: z.literal(topic) })),
])
export type Subscription = z.infer<typeof Subscription>

export const ClientFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('authenticate'), accessToken: z.string().max(4000) }),
  z.strictObject({ type: z.literal('subscribe'), id, to: Subscription }),
  z.strictObject({ type: z.literal('unsubscribe'), id }),
  z.strictObject({ type: z.literal('ping') }),
])
export type ClientFrame = z.infer<typeof ClientFrame>

export const ServerFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('authenticated'), expiresAt: z.string() }),
  /** All rows of the execution that changed after `from`; `seq` is the number to resume from. */
  z.object({
    type: z.literal('execution'),
    id,
    seq: z.number().int(),
    execution: Execution,
    branches: z.array(Branch),
    steps: z.array(StepResult),
  }),
  z.object({
    type: z.literal('output'),
    id,
    seq: z.number().int(),
    lines: z.array(OutputLine),
    isComplete: z.boolean(),
  }),
  z.object({ type: z.literal('log'), id, seq: z.number().int(), lines: z.array(LogLine) }),
  z.object({ type: z.literal('changed'), id }),
  z.object({ type: z.literal('problem'), id: id.optional(), problem: Problem }),
  z.object({ type: z.literal('pong') }),
])
export type ServerFrame = z.infer<typeof ServerFrame>

export const livePath = '/live'
