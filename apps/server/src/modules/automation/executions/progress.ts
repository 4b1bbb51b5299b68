import type { Strategy } from '@opsconductor/contract'
import { afterCommit, type Context, transaction } from '../../../kernel/context.ts'
import type { Publish } from '../../../kernel/facts/facts.ts'
import { type Queue, queueOf } from '../../../kernel/queue/queue.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { insertLogLines } from '../log/log.store.ts'
import * as branches from './branches.store.ts'
import * as store from './executions.store.ts'

type Ports = { queue: Queue; wake: Wake; publish: Publish; maxConcurrentExecutions: number }

/**
 * How an execution goes on: it is admitted, its branches go to the queue window by window, and when the last has ended
 * it is closed. Everything here runs inside the transaction of what caused it, and is harmless when done twice.
 */
export const createProgress = ({ queue, wake, publish, maxConcurrentExecutions }: Ports) => {
  const changed = (ctx: Context, uuid: string) =>
    afterCommit(ctx, () => {
      wake.announce(topics.execution(uuid))
      wake.announce(topics.list('executions'))
    })

  /** Puts the next branches into the queue, as far as the strategy lets. */
  const release = async (ctx: Context, execution: store.LockedExecution) => {
    if (execution.status !== 'running' || execution.cancelRequestedAt !== null) return
    const strategy = execution.strategy as Strategy
    const counts = await branches.countBranches(ctx.db, execution.id)
    if (counts.scheduled === 0) return
    if (strategy.maxFailures !== undefined && counts.failed + counts.lost > strategy.maxFailures) {
      const changeSeq = await store.drawChange(ctx.db, execution.id)
      const message = `Not started: more than ${strategy.maxFailures} branches have failed.`
      const skipped = await branches.endBranches(ctx.db, execution.id, ['scheduled'], {
        status: 'skipped',
        message,
        changeSeq,
      })
      await insertLogLines(ctx.db, execution, [
        {
          branch: null,
          phase: 'target_selection',
          level: 'warning',
          category: 'system',
          message: `${skipped} branches are not started: the limit of failures was passed.`,
        },
      ])
      return
    }
    const room = windowOf(strategy) - (counts.queued + counts.running + counts.lost)
    if (room > 0) await enqueueNext(ctx, execution.id, room, await store.drawChange(ctx.db, execution.id))
  }

  const enqueueNext = async (ctx: Context, executionId: number, room: number, changeSeq: number) => {
    const released = await branches.releaseBranches(ctx.db, executionId, room, changeSeq)
    const byZone = Map.groupBy(released, ({ zone }) => zone)
    for (const [zone, members] of byZone) {
      await queue.enqueue(
        ctx,
        queueOf('branch', zone),
        members.map(({ uuid }) => ({ branch: uuid })),
      )
    }
  }

  const close = async (ctx: Context, execution: store.LockedExecution) => {
    const counts = await branches.countBranches(ctx.db, execution.id)
    if (counts.scheduled + counts.queued + counts.running + counts.lost > 0) return
    // a cancel that came when everything had ended cancelled nothing
    const isCancelled = execution.cancelRequestedAt !== null && counts.cancelled > 0
    const status = isCancelled ? 'cancelled' : counts.failed + counts.skipped > 0 ? 'failed' : 'completed'
    const cancelOutcome =
      status === 'cancelled' ? ((await branches.worstCancelOutcome(ctx.db, execution.id)) ?? 'stopped') : null
    const message = describe(counts)
    await insertLogLines(ctx.db, execution, [
      {
        branch: null,
        phase: 'completion',
        level: status === 'completed' ? 'info' : 'warning',
        category: 'system',
        message: `The execution is ${status}: ${message}`,
      },
    ])
    await store.updateExecution(ctx.db, execution.id, {
      status,
      cancelOutcome,
      message,
      needsAttention: false,
      finishedAt: new Date(),
    })
    await publish(ctx, `execution.${status}`, execution.uuid, { counts })
    await admit(ctx)
  }

  /** What follows when branches have ended: the next ones, or the end. */
  const advance = async (ctx: Context, executionId: number) => {
    const execution = await store.lockExecution(ctx.db, executionId)
    if (execution.status === 'running' || execution.status === 'queued') {
      await release(ctx, execution)
      await close(ctx, await store.lockExecution(ctx.db, executionId))
    }
    changed(ctx, execution.uuid)
  }

  /** Lets waiting executions begin while there is room for them. */
  const admit = async (ctx: Context) => {
    await store.lockAdmission(ctx.db)
    for (const { id, uuid, strategy, changeSeq } of await store.admitWaiting(ctx.db, maxConcurrentExecutions)) {
      await publish(ctx, 'execution.started', uuid)
      await enqueueNext(ctx, id, windowOf(strategy as Strategy), changeSeq) // none has begun yet
      changed(ctx, uuid)
    }
  }

  return { advance, admit: (ctx: Context) => transaction(ctx, admit), changed }
}

/** Branches of an execution that may be in the queue or run at a time. */
const windowOf = ({ concurrency }: Strategy) => Math.min(concurrency ?? Number.MAX_SAFE_INTEGER, 10_000)

export type Progress = ReturnType<typeof createProgress>

/** `2 of 3 branches completed, 1 failed.` */
const describe = (counts: Awaited<ReturnType<typeof branches.countBranches>>): string => {
  const total = counts.completed + counts.failed + counts.cancelled + counts.skipped
  const others = [
    [counts.failed, 'failed'],
    [counts.cancelled, 'cancelled'],
    [counts.skipped, 'not started'],
  ] as const
  const said = others.flatMap(([count, what]) => (count === 0 ? [] : `, ${count} ${what}`))
  return `${counts.completed} of ${total} ${total === 1 ? 'branch' : 'branches'} completed${said.join('')}.`
}
