import type { Strategy } from '@opsconductor/contract'
import { afterCommit, type Context, transaction } from '../../../kernel/context.ts'
import type { Publish } from '../../../kernel/facts/facts.ts'
import type { Queue } from '../../../kernel/queue/queue.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { insertLogLines } from '../log/log.store.ts'
import { admitWaiting, freeJob, lockAdmission } from './admission.store.ts'
import { worstCancelOutcome } from './branch-ends.store.ts'
import { countBranches } from './branches.store.ts'
import * as store from './executions.store.ts'
import { createRelease } from './release.ts'
import { freeTargets, lockWaitingForTargets } from './target-holds.store.ts'

type Ports = { queue: Queue; wake: Wake; publish: Publish; maxConcurrentExecutions: number }

/**
 * How an execution goes on: it is admitted, its branches go to the queue window by window, and when the last has ended
 * it is closed. Everything here runs inside the transaction of what caused it, and is harmless when done twice.
 *
 * Rows are locked in one order: the execution's own, then the admission, then others' as far as they are free.
 */
export const createProgress = ({ queue, wake, publish, maxConcurrentExecutions }: Ports) => {
  const release = createRelease({ queue, publish })

  const changed = (ctx: Context, uuid: string) =>
    afterCommit(ctx, () => {
      wake.announce(topics.execution(uuid))
      wake.announce(topics.list('executions'))
    })

  const close = async (ctx: Context, execution: store.LockedExecution) => {
    const counts = await countBranches(ctx.db, execution.id)
    // a cancel that came when everything had ended cancelled nothing
    const isTimedOut = execution.timedOutAt !== null
    const isCancelled = execution.cancelRequestedAt !== null && !isTimedOut && counts.cancelled > 0
    const hasFailed = counts.failed + counts.skipped + counts.cancelled > 0
    const status = isCancelled ? 'cancelled' : hasFailed ? 'failed' : 'completed'
    const cancelOutcome =
      isCancelled || (isTimedOut && hasFailed) ? ((await worstCancelOutcome(ctx.db, execution.id)) ?? 'stopped') : null
    const message =
      isTimedOut && hasFailed ? `Timed out after ${execution.timeoutSec ?? 0} s: ${describe(counts)}` : describe(counts)
    await Promise.all([
      insertLogLines(ctx.db, execution, [
        {
          branch: null,
          phase: 'completion',
          level: status === 'completed' ? 'info' : 'warning',
          category: 'system',
          message: `The execution is ${status}: ${message}`,
        },
      ]),
      store.updateExecution(ctx.db, execution.id, {
        status,
        cancelOutcome,
        message,
        needsAttention: false,
        pausedAt: null,
        pausedBy: null,
        finishedAt: new Date(),
      }),
      publish(ctx, `execution.${status}`, execution.uuid, { counts }),
      lockAdmission(ctx.db),
      freeJob(ctx.db, execution.id),
      admit(ctx),
    ])
  }

  /** Targets that were held for branches which have ended go to whoever waits for them. */
  const handOverTargets = async (ctx: Context, execution: store.LockedExecution) => {
    if ((execution.strategy as Strategy).exclusive !== 'target') return
    await lockAdmission(ctx.db)
    const freed = await freeTargets(ctx.db, execution.id)
    if (freed.length > 0) await releaseTo(ctx, await lockWaitingForTargets(ctx.db, freed))
  }

  const releaseTo = async (ctx: Context, waiting: readonly store.LockedExecution[]) => {
    for (const execution of waiting) {
      await release(ctx, execution)
      changed(ctx, execution.uuid)
    }
  }

  /** The same for an execution whose row is locked. */
  const goOn = async (ctx: Context, execution: store.LockedExecution) => {
    const hasOpen = await release(ctx, execution)
    await handOverTargets(ctx, execution)
    if (!hasOpen) await close(ctx, execution)
    changed(ctx, execution.uuid)
  }

  /** What follows when branches have ended: the next ones, or the end. */
  const advance = async (ctx: Context, executionId: number) => {
    const execution = await store.lockExecution(ctx.db, executionId)
    if (execution.finishedAt === null) await goOn(ctx, execution)
  }

  /** Lets waiting executions run while there is room for them. */
  const admit = async (ctx: Context) => {
    const [, admitted] = await Promise.all([lockAdmission(ctx.db), admitWaiting(ctx.db, maxConcurrentExecutions)])
    for (const execution of admitted) {
      const isFirst = execution.isFirst
      await Promise.all([isFirst ? publish(ctx, 'execution.started', execution.uuid) : null, goOn(ctx, execution)])
    }
  }

  /** Catches up on what was passed over because somebody else had it locked. */
  const releaseWaiting = async (ctx: Context) => {
    await lockAdmission(ctx.db)
    await releaseTo(ctx, await lockWaitingForTargets(ctx.db))
  }

  return {
    advance,
    goOn,
    changed,
    admit: (ctx: Context) => transaction(ctx, admit),
    /** For the scheduler: whoever can go on and was not told so. */
    catchUp: async (ctx: Context) => {
      await transaction(ctx, admit)
      await transaction(ctx, releaseWaiting)
    },
  }
}

export type Progress = ReturnType<typeof createProgress>

/** `2 of 3 branches completed, 1 failed.` */
const describe = (counts: Awaited<ReturnType<typeof countBranches>>): string => {
  const total = counts.completed + counts.failed + counts.cancelled + counts.skipped
  const others = [
    [counts.failed, 'failed'],
    [counts.cancelled, 'cancelled'],
    [counts.skipped, 'not started'],
  ] as const
  const said = others.flatMap(([count, what]) => (count === 0 ? [] : `, ${count} ${what}`))
  return `${counts.completed} of ${total} ${total === 1 ? 'branch' : 'branches'} completed${said.join('')}.`
}
