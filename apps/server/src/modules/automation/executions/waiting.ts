import { type ExecutionStatus, isFinalExecution, type Strategy, type Waiting } from '@opsconductor/contract'
import type { Kysely } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import { type ExecutorRow, selectExecutors } from '../executors/executors.store.ts'
import { countAtStage, findStage, lookAhead } from './branch-release.store.ts'
import { type BranchRow, selectBranches } from './branches.store.ts'
import { findSetAside } from './due.store.ts'
import type { ExecutionRow } from './executions.store.ts'
import {
  countOpenIn,
  findInTheWay,
  type NamedExecution,
  selectCrowd,
  selectHolders,
  type TargetHolder,
} from './waiting.store.ts'

/** Executions named in an answer that could name many. */
const shown = 5

const because = (kind: Waiting['kind'], message: string, ...references: Waiting['references']): Waiting => ({
  kind,
  message,
  references,
})
const linkTo = ({ ref, jobName }: NamedExecution) => ({ kind: 'execution', ref, name: jobName }) as const
const are = (count: number, one: string, many: string) =>
  count === 1 ? `1 ${one} is` : `${count.toLocaleString('en')} ${many} are`

/** Why an execution does not go on; null when it does, or has ended. */
export const waitingOfExecution = async (
  db: Kysely<DB>,
  execution: ExecutionRow,
  maxConcurrentExecutions: number,
): Promise<Waiting | null> => {
  const status = execution.status as ExecutionStatus
  if (isFinalExecution(status)) return null
  if (status === 'paused') return whyPaused(db, execution)
  if (status !== 'running') return whyQueued(db, execution, maxConcurrentExecutions)
  if (execution.countRunning > 0) {
    const { count, firstDueAt } = await findSetAside(db, execution.id)
    return count >= execution.countRunning && firstDueAt !== null ? untilThen(firstDueAt) : null
  }
  for (const status of ['queued', 'scheduled']) {
    const first = await selectBranches(db, execution.id, { status }, 0, 1)
    const [waiting] = await waitingOfBranches(db, execution, first, maxConcurrentExecutions)
    if (waiting) return waiting
  }
  return execution.countLost > 0 ? lostBranches(execution.countLost) : null
}

const whyPaused = async (db: Kysely<DB>, { id, pausedBy }: ExecutionRow) => {
  if (pausedBy !== null) return because('person', `${pausedBy} paused it. Let it go on when it may.`)
  const { nextBatch } = await lookAhead(db, id)
  const next = nextBatch ?? 1
  return because('person', `Batch ${next - 1} is through. Somebody has to let batch ${next} begin.`)
}

const whyQueued = async (db: Kysely<DB>, execution: ExecutionRow, most: number) => {
  const isAlone = (execution.strategy as Strategy).exclusive === 'job'
  const other = execution.startedAt === null ? await findInTheWay(db, { ...execution, isAlone }) : undefined
  if (other !== undefined) {
    const why = isAlone
      ? 'runs alone among those of its job'
      : 'comes when the one that has the job for itself is through'
    return because('job', `It ${why}, and waits for ${other.ref}.`, linkTo(other))
  }
  const { running, queued, first } = await selectCrowd(db, shown)
  if (running < most) return because('turn', 'It is about to begin.')
  const others = queued - 1
  const crowd =
    others === 0 ? '' : ` ${others === 1 ? '1 other waits' : `${others.toLocaleString('en')} others wait`} as well.`
  return because(
    'capacity',
    `${are(running, 'execution', 'executions')} running, as many as may at a time.${crowd}`,
    ...first.map(linkTo),
  )
}

const lostBranches = (count: number) =>
  because(
    'person',
    `${are(count, 'branch', 'branches')} lost. Somebody has to say what became of ${count === 1 ? 'it' : 'them'}.`,
  )

/** Why each of these branches of an execution does not run; null for one that does, or has ended. */
export const waitingOfBranches = async (
  db: Kysely<DB>,
  execution: ExecutionRow,
  branches: readonly BranchRow[],
  maxConcurrentExecutions: number,
): Promise<(Waiting | null)[]> => {
  const isOne = (status: string) => branches.some((branch) => branch.status === status)
  if (!isOne('scheduled') && !isOne('queued'))
    return branches.map(({ status, dueAt }) =>
      status === 'lost' ? lostBranch : dueAt === null ? null : untilThen(dueAt),
    )

  const isHeld = execution.status !== 'running'
  const whole = isHeld ? await waitingOfExecution(db, execution, maxConcurrentExecutions) : null
  const executors = isOne('queued') ? await selectExecutors(db) : []
  const whyScheduled = isOne('scheduled') && !isHeld ? await lookAtStrategy(db, execution, branches) : () => whole
  return branches.map((branch) => {
    switch (branch.status) {
      case 'lost':
        return lostBranch
      case 'scheduled':
        return whyScheduled(branch)
      case 'queued':
        return whyNotTaken(branch.zone, executors, execution.cancelRequestedAt !== null)
      default:
        return branch.dueAt === null ? null : untilThen(branch.dueAt)
    }
  })
}

const untilThen = (dueAt: Date) => because('time', `A step waits until ${dueAt.toISOString().replace(/\.\d+Z$/, 'Z')}.`)

const lostBranch = because('person', 'Nobody knows how its step ended. Somebody has to say what became of it.')

/** What the strategy of a running execution keeps branches from. */
const lookAtStrategy = async (db: Kysely<DB>, execution: ExecutionRow, branches: readonly BranchRow[]) => {
  const strategy = execution.strategy as Strategy
  const { nextBatch, openBatch, queued, running } = await lookAhead(db, execution.id)
  const current = Math.min(openBatch ?? Number.MAX_SAFE_INTEGER, nextBatch ?? Number.MAX_SAFE_INTEGER)
  const open = branches.some(({ batch }) => batch > current) ? await countOpenIn(db, execution.id, current) : 0
  const targets = branches.filter(({ status }) => status === 'scheduled').map(({ targetUuid }) => targetUuid)
  const holders = strategy.exclusive === 'target' ? await selectHolders(db, targets) : []
  const isLockStep = strategy.pace === 'lock_step' && branches.some(({ nextStep }) => nextStep > 0)
  const stage = isLockStep ? await findStage(db, execution.id, current) : null
  const before = stage === null ? 0 : await countAtStage(db, execution.id, current, stage)
  const byTarget = new Map(holders.map((holder) => [holder.targetUuid, holder]))

  return (branch: BranchRow): Waiting => {
    if (branch.batch > current)
      return because('batch', `Batch ${current} is not through: ${are(open, 'branch', 'branches')} still to end.`)
    const holder = byTarget.get(branch.targetUuid)
    if (holder !== undefined && holder.branchId !== branch.id) return whyHeld(branch, holder)
    if (stage !== null && branch.nextStep > stage)
      return because(
        'stage',
        `${are(before, 'branch', 'branches')} still to end step ${stage + 1}; then step ${branch.nextStep + 1} begins.`,
      )
    if (strategy.concurrency !== undefined && queued + running >= strategy.concurrency)
      return because(
        'concurrency',
        `${are(queued + running, 'branch', 'branches')} under way, as many as the job lets at once.`,
      )
    return because('turn', 'It comes when those before it have been taken.')
  }
}

const whyHeld = ({ targetName, targetSerial }: BranchRow, holder: TargetHolder) =>
  because(
    'target',
    holder.isLost
      ? `${holder.ref} has ${targetName} for itself, and its branch there is lost: something may still run on the target until somebody says what became of it.`
      : `${holder.ref} has ${targetName} for itself.`,
    linkTo(holder),
    { kind: 'target', ref: targetSerial, name: targetName },
  )

const whyNotTaken = (zone: string, executors: readonly ExecutorRow[], isToBeStopped: boolean): Waiting => {
  const serving = executors.filter((executor) => executor.isLive && executor.zone === zone)
  if (serving.length === 0) {
    const nobody = `No executor serves the zone ${zone} now. Start one with OPSCONDUCTOR_ZONE=${zone}`
    return because(
      'executor',
      isToBeStopped
        ? `${nobody}: only an executor can stop the step that had begun, which may go on on its target until then.`
        : `${nobody}.`,
    )
  }
  const slots = serving.reduce((sum, executor) => sum + executor.slots, 0)
  const busy = serving.reduce((sum, executor) => sum + executor.running, 0)
  const who = serving.length === 1 ? 'the executor' : `the ${serving.length} executors`
  return busy >= slots
    ? because(
        'slots',
        `${are(slots, 'slot', 'slots')} busy: all that ${who} of the zone ${zone} ${serving.length === 1 ? 'has' : 'have'}.`,
      )
    : because('turn', `An executor of the zone ${zone} is about to take it.`)
}
