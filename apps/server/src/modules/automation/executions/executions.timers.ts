import type { CancelOutcome } from '@opsconductor/contract'
import { type Context, transaction } from '../../../kernel/context.ts'
import type { Publish } from '../../../kernel/facts/facts.ts'
import { type Queue, queueOf } from '../../../kernel/queue/queue.ts'
import { insertLogLines } from '../log/log.store.ts'
import {
  type ExpiredBranch,
  findWaiting,
  lockExpired,
  requeueBranch,
  reviveBranch,
  selectDueToAsk,
  selectExpired,
} from './branch-claims.store.ts'
import { requeueDue, selectDueExecutions } from './due.store.ts'
import { updateBranch } from './branches.store.ts'
import * as store from './executions.store.ts'
import type { Progress } from './progress.ts'
import { endSteps, selectSteps } from './step-results.store.ts'
import { isBegun } from './step-results.store.ts'

type Ports = { progress: Progress; queue: Queue; publish: Publish }

const sweepLimit = 100
/** A branch that so many executors have lost is not given to another one. */
const mostLosses = 10

/**
 * Looks for branches whose executor is not heard of any more. They go back to the queue: between steps another executor
 * goes on, and of a step that had begun it asks the target before anything else. So do lost branches, from time to time,
 * whose targets did not answer.
 */
export const createSweep = ({ progress, queue, publish }: Ports) => {
  const recover = async (ctx: Context, found: ExpiredBranch) => {
    const execution = await store.lockExecution(ctx.db, found.executionId)
    const branch = await lockExpired(ctx.db, found.id)
    if (branch === undefined) return // somebody else was first
    const changeSeq = await store.drawChange(ctx.db, branch.executionId)
    const steps = await selectSteps(ctx.db, { executionId: branch.executionId, branchId: branch.id }, 10_000)
    // of a lost branch that was taken again, nobody knows yet what became of its step
    const begun = steps.find((step, at) => isBegun(step) && steps[at + 1]?.index !== step.index)
    const isCancelled = execution.cancelRequestedAt !== null
    const note = (message: string, level: 'warning' | 'error') =>
      insertLogLines(ctx.db, execution, [
        {
          branch: branch.number,
          phase: 'action_execution',
          level,
          category: 'system',
          message,
          details: { executor: branch.executor },
        },
      ])

    const giveUp = async (message: string) => {
      await endSteps(ctx.db, [branch.id], ['ready'], { status: 'skipped', changeSeq })
      await updateBranch(ctx.db, branch.id, {
        status: 'failed',
        finishedAt: new Date(),
        leaseUntil: null,
        message,
        changeSeq,
      })
    }
    const lose = async (message: string) => {
      await endSteps(ctx.db, [branch.id], ['running'], { status: 'unknown', message, changeSeq })
      await updateBranch(ctx.db, branch.id, { status: 'lost', leaseUntil: null, message, changeSeq })
      await store.updateExecution(ctx.db, execution.id, { needsAttention: true })
      await publish(ctx, 'branch.lost', branch.uuid, { execution: execution.uuid })
    }

    const endStopped = async (cancelOutcome: CancelOutcome, message: string) => {
      const isTimedOut = execution.timedOutAt !== null
      await endSteps(ctx.db, [branch.id], ['running'], { status: 'unknown', message, changeSeq })
      await endSteps(ctx.db, [branch.id], ['ready'], { status: 'cancelled', changeSeq })
      await updateBranch(ctx.db, branch.id, {
        status: isTimedOut ? 'failed' : 'cancelled',
        fault: isTimedOut ? 'timeout' : null,
        finishedAt: new Date(),
        leaseUntil: null,
        message: `${isTimedOut ? 'Timed out' : 'Cancelled'}; ${message}`,
        cancelOutcome,
        changeSeq,
      })
    }

    if (isCancelled && begun === undefined) {
      await endStopped('stopped', 'its executor was lost between steps.')
      return progress.advance(ctx, branch.executionId)
    }
    if (branch.losses + 1 >= mostLosses) {
      const message = `${mostLosses} executors have taken this branch and were lost. Their own logs say why.`
      await (begun === undefined ? giveUp(message) : isCancelled ? endStopped('unconfirmed', message) : lose(message))
      await note(message, 'error')
      return progress.advance(ctx, branch.executionId)
    }
    await requeueBranch(ctx.db, branch, changeSeq, true)
    await note(
      begun === undefined
        ? `The executor of ${branch.targetName} was lost between steps; another one goes on.`
        : `The executor of ${branch.targetName} was lost while step ${begun.index + 1} ran; another one asks the target what became of it.`,
      'warning',
    )
    await queue.enqueue(ctx, queueOf('branch', branch.zone), [{ branch: branch.uuid }], execution.priority)
    progress.changed(ctx, execution.uuid)
  }

  const askAgain = async (ctx: Context, due: { id: number; executionId: number }) => {
    const execution = await store.lockExecution(ctx.db, due.executionId)
    const changeSeq = await store.drawChange(ctx.db, due.executionId)
    const branch = await reviveBranch(ctx.db, due.id, changeSeq)
    if (branch === undefined) return
    await store.noteAttention(ctx.db, due.executionId)
    await queue.enqueue(ctx, queueOf('branch', branch.zone), [{ branch: branch.uuid }], execution.priority)
    progress.changed(ctx, execution.uuid)
  }

  /** Branches whose steps have waited long enough. */
  const goOn = async (ctx: Context, executionId: number) => {
    const execution = await store.lockExecution(ctx.db, executionId)
    const due = await requeueDue(ctx.db, executionId, await store.drawChange(ctx.db, executionId))
    for (const [zone, branches] of Map.groupBy(due, ({ zone }) => zone)) {
      const tasks = branches.toSorted((a, b) => a.number - b.number).map(({ uuid }) => ({ branch: uuid }))
      await queue.enqueue(ctx, queueOf('branch', zone), tasks, execution.priority)
    }
    progress.changed(ctx, execution.uuid)
  }

  return async (ctx: Context): Promise<void> => {
    for (const executionId of await selectDueExecutions(ctx.db, sweepLimit)) {
      try {
        await transaction(ctx, (ctx) => goOn(ctx, executionId))
      } catch (error) {
        ctx.log.error({ err: error, executionId }, 'branches that waited could not go on; they are tried again')
      }
    }
    for (const branch of await selectDueToAsk(ctx.db, sweepLimit)) {
      try {
        await transaction(ctx, (ctx) => askAgain(ctx, branch))
      } catch (error) {
        ctx.log.error({ err: error, branch: branch.id }, 'a lost branch could not be asked about; it is tried again')
      }
    }
    for (const branch of await selectExpired(ctx.db, sweepLimit)) {
      try {
        await transaction(ctx, (ctx) => recover(ctx, branch))
      } catch (error) {
        // one that cannot be recovered must not keep the others waiting
        ctx.log.error({ err: error, branch: branch.uuid }, 'a lost branch could not be recovered; it is tried again')
      }
    }
  }
}

/**
 * A task whose executor died before it took the branch comes back as a dead letter: if the branch still waits, it is put
 * into the queue again.
 */
export const createDeadLetters =
  ({ queue }: Pick<Ports, 'queue'>) =>
  (ctx: Context): Promise<void> =>
    queue.takeDeadLetters(async ({ branch }) => {
      const waiting = branch === undefined ? undefined : await findWaiting(ctx.db, String(branch))
      if (waiting === undefined) return
      const { zone, priority } = waiting
      await transaction(ctx, (ctx) =>
        queue.enqueue(ctx, queueOf('branch', zone), [{ branch: String(branch) }], priority),
      )
    })

export type Sweep = ReturnType<typeof createSweep>
