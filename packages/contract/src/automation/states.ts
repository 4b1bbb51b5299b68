import { z } from '../zod.ts'

export const ExecutionStatus = z.enum(['scheduled', 'queued', 'running', 'paused', 'completed', 'failed', 'cancelled'])
export type ExecutionStatus = z.infer<typeof ExecutionStatus>

export const BranchStatus = z.enum([
  'scheduled',
  'queued',
  'running',
  'completed',
  'failed',
  'cancelled',
  'skipped',
  'lost',
])
export type BranchStatus = z.infer<typeof BranchStatus>

export const StepStatus = z.enum(['ready', 'running', 'completed', 'failed', 'skipped', 'cancelled', 'unknown'])
export type StepStatus = z.infer<typeof StepStatus>

/** What was found on the target after a cancel or a time-out. */
export const CancelOutcome = z.enum(['stopped', 'still_running', 'unconfirmed'])
export type CancelOutcome = z.infer<typeof CancelOutcome>

export const isFinalExecution = (status: ExecutionStatus) =>
  status === 'completed' || status === 'failed' || status === 'cancelled'
