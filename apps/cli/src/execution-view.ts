import {
  isFinalExecution,
  type Branch,
  type CancelOutcome,
  type Execution,
  type ExecutionDetail,
  type LogLine,
  type StepResult,
} from '@opsconductor/contract'
import { shownDuration, shownTime, stateColour, type Colour, type Printer } from './print.ts'
import { nameOf, remarkOn, showTimes } from './step-view.ts'

export const showExecutions = (print: Printer, executions: Execution[]) =>
  print.table(
    [
      { title: 'execution', value: (each) => each.ref },
      { title: 'status', value: (each) => statusOf(each), colour: (each) => stateColour(each.status) },
      { title: 'branches', value: ({ counts }) => `${counts.completed}/${counts.total}` },
      { title: 'queued', value: (each) => shownTime(each.queuedAt) },
      { title: 'took', value: (each) => took(each) },
      { title: 'by', value: (each) => each.requestedBy },
      { title: 'job', value: (each) => each.job.name },
    ],
    executions,
  )

export const statusOf = ({ status, needsAttention, cancelOutcome }: Execution) => {
  if (needsAttention && !isFinalExecution(status)) return `${status} (needs attention)`
  return status === 'cancelled' && cancelOutcome !== null ? cancelWords[cancelOutcome] : status
}

const cancelWords: Record<CancelOutcome, string> = {
  stopped: 'cancelled',
  still_running: 'cancelled, still running',
  unconfirmed: 'cancelled, unconfirmed',
}

const took = ({ startedAt, finishedAt }: { startedAt: string | null; finishedAt: string | null }) =>
  startedAt === null || finishedAt === null ? '' : shownDuration(Date.parse(finishedAt) - Date.parse(startedAt))

/** What it waits for, and the names to look at. */
const waits = ({ waitingFor }: ExecutionDetail) =>
  waitingFor === null ? null : [waitingFor.message, ...waitingFor.references.map(({ ref }) => ref)].join(' ')

export type BranchWithSteps = Branch & { steps: StepResult[] }

export const showExecution = (print: Printer, execution: ExecutionDetail, branches: BranchWithSteps[]) => {
  print.facts({
    execution: execution.ref,
    uuid: execution.uuid,
    job: `${execution.job.name}, version ${execution.job.version}`,
    status: statusOf(execution),
    'waits for': waits(execution),
    message: execution.message,
    'to be stopped': isFinalExecution(execution.status) ? null : shownTime(execution.cancelRequestedAt),
    'cancelled by': execution.cancelRequestedBy,
    'found on targets': execution.cancelOutcome?.replace('_', ' '),
    'time limit': execution.timeoutSec === null ? null : shownDuration(execution.timeoutSec * 1000),
    'timed out': shownTime(execution.timedOutAt),
    parameters: Object.entries(execution.parameters)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
    'requested by': execution.requestedBy,
    queued: shownTime(execution.queuedAt),
    finished: shownTime(execution.finishedAt),
    took: took(execution),
  })
  print.line()
  print.table(
    [
      { title: 'branch', value: (each) => each.number },
      { title: 'target', value: (each) => each.target },
      { title: 'step', value: (each) => each.step },
      { title: 'status', value: (each) => each.status, colour: (each) => stateColour(each.status) },
      { title: 'exit', value: (each) => each.exit },
      { title: 'took', value: (each) => each.took },
      { title: 'message', value: (each) => each.message },
    ],
    branches.flatMap(rowsOf),
  )
  showTimes(
    print,
    branches.flatMap(({ steps }) => steps),
  )
}

const rowsOf = (branch: BranchWithSteps) => [
  {
    number: branch.number,
    target: branch.target.name,
    step: '',
    status: branch.status as string,
    exit: '',
    took: took(branch),
    message: branch.message ?? '',
  },
  ...branch.steps.map((step) => ({
    number: '',
    target: step.target !== null && step.target.uuid !== branch.target.uuid ? step.target.name : '',
    step: nameOf(step),
    status: step.status as string,
    exit: step.exitCode === null ? (step.signal ?? '') : String(step.exitCode),
    took: took(step),
    message: remarkOn(step),
  })),
]

const levelColours: Record<LogLine['level'], Colour | undefined> = {
  debug: 'dim',
  info: undefined,
  warning: 'yellow',
  error: 'red',
}

export const showLog = (print: Printer, lines: LogLine[]) =>
  print.table(
    [
      { title: 'time', value: (each) => shownTime(each.at), colour: () => 'dim' },
      { title: 'branch', value: (each) => each.branch ?? '' },
      { title: 'phase', value: (each) => each.phase },
      { title: 'level', value: (each) => each.level, colour: (each) => levelColours[each.level] },
      { title: 'category', value: (each) => each.category },
      { title: 'message', value: (each) => each.message },
    ],
    lines,
  )
