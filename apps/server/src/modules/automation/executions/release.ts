import type { Strategy } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import type { Publish } from '../../../kernel/facts/facts.ts'
import { type Queue, queueOf } from '../../../kernel/queue/queue.ts'
import { insertLogLines } from '../log/log.store.ts'
import { lockAdmission } from './admission.store.ts'
import type { BranchTask } from './branch-writes.ts'
import { endUnbegun } from './branch-ends.store.ts'
import * as branches from './branch-release.store.ts'
import * as store from './executions.store.ts'
import { endStepsOfEnded } from './step-results.store.ts'
import { takeTargets } from './target-holds.store.ts'

/**
 * So many branches of an execution wait in the queue at a time, and it is filled up when half of them are taken: one with
 * ten thousand must not stand before all others, and not every branch that ends should cost a look at the rest.
 */
const queueDepth = 1_000

/**
 * Puts the next branches of an execution into the queue, as far as its strategy lets. Its row must be locked.
 * It answers whether any branch is not at its end.
 */
export const createRelease = ({ queue, publish }: { queue: Queue; publish: Publish }) => {
  const stopAfterFailures = async (ctx: Context, execution: store.LockedExecution, batch: number) => {
    const { maxFailures } = execution.strategy as Strategy
    const message = `Not started: more than ${maxFailures} of the branches of batch ${batch} failed.`
    const change = { status: 'skipped', message, changeSeq: await store.drawChange(ctx.db, execution.id) } as const
    const skipped = await endUnbegun(ctx.db, execution.id, change)
    if (skipped === 0) return
    await endStepsOfEnded(ctx.db, execution.id, change.changeSeq, 'skipped')
    await insertLogLines(ctx.db, execution, [
      {
        branch: null,
        phase: 'target_selection',
        level: 'warning',
        category: 'system',
        message: `${skipped} branches are not started: more than ${maxFailures} of the branches of batch ${batch} failed.`,
      },
    ])
  }

  const pauseBefore = async (ctx: Context, execution: store.LockedExecution, batch: number) => {
    await store.updateExecution(ctx.db, execution.id, { status: 'paused', pausedAt: new Date(), pausedBy: null })
    await insertLogLines(ctx.db, execution, [
      {
        branch: null,
        phase: 'target_selection',
        level: 'info',
        category: 'system',
        message: `Batch ${batch - 1} is through. Batch ${batch} waits until a person lets it begin.`,
      },
    ])
    await publish(ctx, 'execution.paused', execution.uuid, { batch })
  }

  return async (ctx: Context, execution: store.LockedExecution): Promise<boolean> => {
    const lookAhead = () => branches.lookAhead(ctx.db, execution.id)
    if (execution.status !== 'running' || execution.cancelRequestedAt !== null) return (await lookAhead()).hasOpen
    const strategy = execution.strategy as Strategy
    const { maxFailures } = strategy
    const failedBatch =
      maxFailures === undefined ? null : await branches.findFailedBatch(ctx.db, execution.id, limitOf(maxFailures))
    if (failedBatch !== null) {
      await stopAfterFailures(ctx, execution, failedBatch)
      return (await lookAhead()).hasOpen
    }

    const { nextBatch, hasOpen, openBatch, queued, running } = await lookAhead()
    if (nextBatch === null) return hasOpen
    if (openBatch !== null && openBatch < nextBatch) return true
    if (strategy.pauseBetweenBatches === true && nextBatch > execution.approvedBatch) {
      await pauseBefore(ctx, execution, nextBatch)
      return true
    }

    const places = (strategy.concurrency ?? Number.MAX_SAFE_INTEGER) - queued - running
    const room = Math.min(places, queued > queueDepth / 2 ? 0 : queueDepth - queued)
    if (room <= 0) return true
    const stage = strategy.pace === 'lock_step' ? await branches.findStage(ctx.db, execution.id, nextBatch) : null
    let which: branches.Releasable = { batch: nextBatch, limit: room, stage }
    if (strategy.exclusive === 'target') {
      await lockAdmission(ctx.db)
      const ids = await takeTargets(ctx.db, execution.id, which)
      if (ids.length === 0) return true
      which = { ids }
    }
    const released = await branches.releaseBranches(ctx.db, execution.id, which)
    for (const [zone, members] of Map.groupBy(released, ({ zone }) => zone)) {
      const tasks = members
        .toSorted((a, b) => a.number - b.number)
        .map(({ uuid, targetUuid }): BranchTask => ({ branch: uuid, target: targetUuid, execution: execution.uuid }))
      await queue.enqueue(ctx, queueOf('branch', zone), tasks, execution.priority)
    }
    return true
  }
}

export type Release = ReturnType<typeof createRelease>

/** `3` is a number of branches; `"10%"` a share of those in the batch. */
const limitOf = (maxFailures: number | string): branches.FailureLimit =>
  typeof maxFailures === 'number' ? { count: maxFailures } : { percent: Number.parseInt(maxFailures, 10) }
