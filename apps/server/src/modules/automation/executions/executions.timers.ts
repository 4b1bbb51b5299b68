import { type Context, transaction } from '../../../kernel/context.ts'
import type { Publish } from '../../../kernel/facts/facts.ts'
import { type Queue, queueOf } from '../../../kernel/queue/queue.ts'
import type { JobDocument } from '@opsconductor/contract'
import { findVersionById } from '../jobs/jobs.store.ts'
import { insertLogLines } from '../log/log.store.ts'
import { type ExpiredBranch, findWaiting, lockExpired, requeueBranch, selectExpired } from './branch-claims.store.ts'
import { updateBranch } from './branches.store.ts'
import * as store from './executions.store.ts'
import type { Progress } from './progress.ts'
import { endSteps, insertReadySteps, nextTry, selectSteps } from './step-results.store.ts'

type Ports = { progress: Progress; queue: Queue; publish: Publish }

const sweepLimit = 100
/** A branch that so many executors have lost before it could begin is not given to another one. */
const mostAttempts = 10

/**
 * Looks for branches whose executor is not heard of any more. What was interrupted between steps goes back to the queue;
 * a step that had begun is unknown: it is never run again on its own, unless its author called it idempotent.
 */
export const createSweep = ({ progress, queue, publish }: Ports) => {
  const recover = async (ctx: Context, found: ExpiredBranch) => {
    const execution = await store.lockExecution(ctx.db, found.executionId)
    const branch = await lockExpired(ctx.db, found.id)
    if (branch === undefined) return // somebody else was first
    const changeSeq = await store.drawChange(ctx.db, branch.executionId)
    const steps = await selectSteps(ctx.db, { executionId: branch.executionId, branchId: branch.id }, 10_000)
    const running = steps.find(({ status }) => status === 'running')
    const document = (await findVersionById(ctx.db, execution.jobVersionId)).document as unknown as JobDocument
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

    if (running !== undefined) {
      await endSteps(ctx.db, branch.id, ['running'], {
        status: 'unknown',
        message: 'Its executor was lost while it ran.',
        changeSeq,
      })
    }
    const isCancelled = execution.cancelRequestedAt !== null
    if (running !== undefined && document.steps[running.index]?.idempotent === true && !isCancelled) {
      await insertReadySteps(ctx.db, [nextTry(running, changeSeq)])
    } else if (running !== undefined || isCancelled) {
      await updateBranch(ctx.db, branch.id, {
        status: isCancelled ? 'cancelled' : 'lost',
        finishedAt: isCancelled ? new Date() : null,
        leaseUntil: null,
        message: 'The executor was lost while a step ran: nobody knows how it ended.',
        cancelOutcome: isCancelled && running !== undefined ? 'unconfirmed' : isCancelled ? 'stopped' : null,
        changeSeq,
      })
      if (!isCancelled) await store.updateExecution(ctx.db, execution.id, { needsAttention: true })
      await note(`The executor of ${branch.targetName} was lost while step ${(running?.index ?? 0) + 1} ran.`, 'error')
      await publish(ctx, 'branch.lost', branch.uuid, { execution: execution.uuid })
      return progress.advance(ctx, branch.executionId)
    }
    if (branch.attempt >= mostAttempts) {
      const message = `${mostAttempts} executors have taken this branch and were lost before a step began.`
      await endSteps(ctx.db, branch.id, ['ready'], { status: 'skipped', changeSeq })
      await updateBranch(ctx.db, branch.id, {
        status: 'failed',
        leaseUntil: null,
        finishedAt: new Date(),
        message: `${message} Their own logs say why.`,
        changeSeq,
      })
      await note(message, 'error')
      return progress.advance(ctx, branch.executionId)
    }
    await requeueBranch(ctx.db, branch, changeSeq)
    await note(`The executor of ${branch.targetName} was lost between steps; another one goes on.`, 'warning')
    await queue.enqueue(ctx, queueOf('branch', branch.zone), [{ branch: branch.uuid }])
    progress.changed(ctx, execution.uuid)
  }

  return async (ctx: Context): Promise<void> => {
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
      await transaction(ctx, (ctx) => queue.enqueue(ctx, queueOf('branch', waiting.zone), [{ branch: String(branch) }]))
    })

export type Sweep = ReturnType<typeof createSweep>
