import {
  type Branch,
  type BranchStatus,
  type CancelOutcome,
  type Execution,
  isFinalExecution,
  type StepResult,
} from '@opsconductor/contract'

type Change = { execution?: Execution; branches?: readonly Branch[]; steps?: readonly StepResult[] }

export type ExecutionState = {
  execution: Execution | undefined
  branches: ReadonlyMap<string, Branch>
  /** By branch, then in order. */
  steps: ReadonlyMap<string, readonly StepResult[]>
}

/** The screen follows at most four times a second, however many branches report. */
const tellEveryMs = 250

export type ExecutionStore = ReturnType<typeof createExecutionStore>

/**
 * What is known of one execution, from answers and live frames alike: of each row the one with the higher change
 * number counts, so the order of arrival does not matter.
 */
export const createExecutionStore = () => {
  let execution: Execution | undefined
  const branches = new Map<string, Branch>()
  const steps = new Map<string, readonly StepResult[]>()
  let state: ExecutionState = { execution, branches: new Map(), steps: new Map() }
  const listeners = new Set<() => void>()
  let telling: ReturnType<typeof setTimeout> | undefined

  const tell = () => {
    telling = undefined
    state = { execution, branches: new Map(branches), steps: new Map(steps) }
    for (const listener of listeners) listener()
  }

  return {
    read: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    merge: (change: Change) => {
      if (change.execution && change.execution.changeSeq >= (execution?.changeSeq ?? 0)) execution = change.execution
      for (const branch of change.branches ?? []) {
        if (branch.changeSeq >= (branches.get(branch.number)?.changeSeq ?? 0)) branches.set(branch.number, branch)
      }
      for (const step of change.steps ?? []) steps.set(step.branch, withStep(steps.get(step.branch) ?? [], step))
      // the first answer is shown at once
      if (state.execution === undefined && execution !== undefined) tell()
      else telling ??= setTimeout(tell, tellEveryMs)
    },
  }
}

const isSameStep = (one: StepResult, other: StepResult) => one.index === other.index && one.attempt === other.attempt

const withStep = (known: readonly StepResult[], step: StepResult): readonly StepResult[] => {
  const before = known.find((other) => isSameStep(other, step))
  if (before && before.changeSeq > step.changeSeq) return known
  return [...known.filter((other) => !isSameStep(other, step)), step].sort(
    (a, b) => a.index - b.index || a.attempt - b.attempt,
  )
}

/** What needs somebody comes first, then what moves, then what is over. */
const rank: Record<BranchStatus, number> = {
  lost: 0,
  failed: 1,
  running: 2,
  cancelled: 3,
  skipped: 4,
  queued: 5,
  scheduled: 6,
  completed: 7,
}

export const branchStatuses = Object.keys(rank) as BranchStatus[]

type Filter = { status?: BranchStatus | undefined; q?: string | undefined }

/** Branches to show, failures first, by number within the same state. */
export const orderBranches = (branches: Iterable<Branch>, { status, q = '' }: Filter): Branch[] => {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean)
  return [...branches]
    .filter((branch) => status === undefined || branch.status === status)
    .filter(({ target, number }) => {
      const text = `${number} ${target.name} ${target.serial}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .sort((a, b) => rank[a.status] - rank[b.status] || Number(a.number) - Number(b.number))
}

/** It was cancelled, or its time is over, and something may still run on a target. */
export const isBeingStopped = ({ status, cancelRequestedAt }: Pick<Execution, 'status' | 'cancelRequestedAt'>) =>
  cancelRequestedAt !== null && !isFinalExecution(status)

const leftWords: Record<CancelOutcome, string | undefined> = {
  stopped: undefined,
  still_running: 'Cancelled, still running',
  unconfirmed: 'Cancelled, unconfirmed',
}

/** What is said in place of "Cancelled" where a cancel did not see everything end on its targets. */
export const leftBehind = ({ status, cancelOutcome }: Pick<Execution, 'status' | 'cancelOutcome'>) =>
  status === 'cancelled' && cancelOutcome !== null ? leftWords[cancelOutcome] : undefined

/** How many branches are over, and how many of them not well. Running ones are not over. */
export const progressOf = ({ counts }: Pick<Execution, 'counts'>) => {
  const failed = counts.failed + counts.lost
  const done = counts.completed + failed + counts.cancelled + counts.skipped
  const { running, total } = counts
  const said = (count: number, state: string) => count > 0 && `${count.toLocaleString('en')} ${state}`
  const words = [`${done.toLocaleString('en')} of ${total.toLocaleString('en')} done`, said(failed, 'failed')]
  return {
    done,
    total,
    /** What stands beside the bar. */
    words: words.filter(Boolean).join(', '),
    /** What is said of it to those who do not see the bar. */
    allWords: [...words, said(running, 'running')].filter(Boolean).join(', '),
  }
}

/** Milliseconds from start to end, or until now; null before the start. */
export const durationOf = (
  { startedAt, finishedAt }: { startedAt: string | null; finishedAt: string | null },
  nowMs: number,
) => (startedAt === null ? null : Math.max(0, (finishedAt ? Date.parse(finishedAt) : nowMs) - Date.parse(startedAt)))
