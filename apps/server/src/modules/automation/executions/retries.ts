import type { Step } from '@opsconductor/contract'
import { isCopyStep } from '../steps/copy-step.ts'
import type { StepOutcome } from './step-outcome.ts'

const longestDelaySec = 600

/**
 * Whether a step is to run again after so many failures. One whose end nobody knows runs again only where its author
 * called it idempotent; what a time-out could not stop may still run, and a second one must not start beside it.
 */
export const mayRunAgain = (step: Step, came: StepOutcome, failures: number): boolean => {
  if (came.status === 'unknown') return isIdempotent(step)
  if (came.status !== 'failed' || failures > (step.retries ?? 0)) return false
  if (came.cancelOutcome !== null && came.cancelOutcome !== 'stopped') return false
  const { faults, exitCodes } = step.retryOn ?? {}
  if (faults === undefined && exitCodes === undefined) return true
  if (came.fault !== null) return faults?.includes(came.fault) ?? false
  return came.exitCode !== null && (exitCodes?.includes(came.exitCode) ?? false)
}

/** A copy done again leaves what it leaves when it is done once. */
export const isIdempotent = (step: Step): boolean => step.idempotent ?? isCopyStep(step)

/** The pause before the next try: twice as long each time, in milliseconds. */
export const retryDelayMs = ({ retryDelaySec = 0 }: Step, failures: number): number =>
  Math.min(retryDelaySec * 2 ** Math.max(0, failures - 1), Math.max(longestDelaySec, retryDelaySec)) * 1000
