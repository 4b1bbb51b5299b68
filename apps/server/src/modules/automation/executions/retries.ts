import type { Step } from '@opsconductor/contract'
import { isCopyStep } from '../steps/copy-step.ts'
import { outcomeOfRow, type StepOutcome } from './step-outcome.ts'
import { isBegun, type StepResultRow } from './step-results.store.ts'

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

/**
 * The try with which a step has come to its end, by what former holders of its branch have written down; undefined while
 * something of it remains to be done. One that never began has not been done, and one that failed may have tries left: its
 * holder may be lost before it noted the next one. What a time-out has stopped is not tried again: whether it has really
 * ended only that holder knew.
 */
export const lastTryOf = (step: Step, tries: readonly StepResultRow[]): StepResultRow | undefined => {
  const latest = tries.at(-1)
  if (latest === undefined || latest.status === 'ready' || isBegun(latest)) return undefined
  if (latest.status === 'skipped') return latest.completedIn === null ? undefined : latest
  const isToGoOn =
    latest.status === 'failed' &&
    latest.fault !== 'timeout' &&
    mayRunAgain(step, outcomeOfRow(latest), failuresOf(tries))
  return isToGoOn ? undefined : latest
}

export const failuresOf = (tries: readonly StepResultRow[]): number =>
  tries.filter(({ status }) => status === 'failed').length

/** A copy done again leaves what it leaves when it is done once. */
export const isIdempotent = (step: Step): boolean => step.idempotent ?? isCopyStep(step)

/** The pause before the next try: twice as long each time, in milliseconds. */
export const retryDelayMs = ({ retryDelaySec = 0 }: Step, failures: number): number =>
  Math.min(retryDelaySec * 2 ** Math.max(0, failures - 1), Math.max(longestDelaySec, retryDelaySec)) * 1000
