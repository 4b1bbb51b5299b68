import {
  isFinalExecution,
  type Branch,
  type BranchStatus,
  type CancelOutcome,
  type Execution,
  type StepResult,
} from '@opsconductor/contract'
import type { FailureKind } from './failure.ts'
import { oneLine, shownDuration } from './print.ts'

/** What an execution that has ended means for whoever waited for it; nothing while it goes on. */
export const outcomeOf = (execution: Execution): FailureKind | undefined => {
  const { status, counts, needsAttention } = execution
  if (status === 'completed') return 'success'
  if (status === 'failed') return 'failed'
  if (status === 'cancelled') return 'cancelled'
  // only lost branches are left, and they wait for a person, perhaps for days
  const isWaiting = counts.scheduled + counts.queued + counts.running > 0
  return needsAttention && !isWaiting ? 'needsAttention' : undefined
}

const branchOutcomes: Record<BranchStatus, FailureKind | undefined> = {
  scheduled: undefined,
  queued: undefined,
  running: undefined,
  completed: 'success',
  failed: 'failed',
  cancelled: 'cancelled',
  skipped: 'cancelled',
  lost: 'needsAttention',
}
export const branchOutcome = (status: BranchStatus) => branchOutcomes[status]

/** `JOB-2026-000001.12 failed: 2 completed, 1 failed, after 4.2 s` */
export const summary = ({ ref, status, counts, needsAttention, cancelOutcome, queuedAt, finishedAt }: Execution) => {
  const { total: _, ...parts } = counts
  const shown = Object.entries(parts).filter(([, count]) => count > 0)
  const state = isFinalExecution(status) ? status : needsAttention ? 'needs attention' : status
  const took = finishedAt === null ? '' : `, after ${shownDuration(Date.parse(finishedAt) - Date.parse(queuedAt))}`
  const left = status === 'cancelled' && cancelOutcome !== null ? leftBehind[cancelOutcome] : ''
  return oneLine(`${ref} ${state}${left}: ${shown.map(([name, count]) => `${count} ${name}`).join(', ')}${took}`)
}

const leftBehind: Record<CancelOutcome, string> = {
  stopped: '',
  still_running: ' (remote processes still run)',
  unconfirmed: ' (whether remote processes still run is not known)',
}

/** Why branches did not complete, one line each: the step and how it ended. */
export const troubles = (branches: Iterable<Branch>, steps: readonly StepResult[]) =>
  [...branches]
    .filter(({ status }) => status === 'failed' || status === 'lost')
    .sort((one, other) => Number(one.number) - Number(other.number))
    .map((branch) => {
      const step = steps.findLast(
        ({ branch: number, status }) =>
          Number(number) === Number(branch.number) && (status === 'failed' || status === 'unknown'),
      )
      return oneLine(`${branch.number} ${branch.target.name} ${branch.status}: ${reasonOf(branch, step)}`)
    })

const reasonOf = (branch: Branch, step: StepResult | undefined) => {
  if (step === undefined) return branch.message ?? branch.fault ?? 'no reason is known'
  if (step.message !== null && step.message !== '') return `${step.name}: ${step.message}`
  if (step.exitCode !== null) return `${step.name} ended with exit code ${step.exitCode}`
  if (step.signal !== null) return `${step.name} was ended by ${step.signal}`
  return `${step.name}: ${branch.message ?? step.fault ?? 'nobody knows whether it ran to its end'}`
}
