import { afterCommit, type Context } from '../../../kernel/context.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { insertLogLines } from '../log/log.store.ts'
import { endBranches, endIdle } from './branch-ends.store.ts'
import { endSetAside } from './due.store.ts'
import * as store from './executions.store.ts'
import type { Progress } from './progress.ts'
import { endStepsOfEnded } from './step-results.store.ts'

/** Why a whole execution ends before its end: a person wants it, or its time is over. */
export type Stop = { because: 'cancelled'; by: string } | { because: 'timeout'; timeoutSec: number }

/** How that is said, and what becomes of branches on which nothing runs. */
const wordsOf = (stop: Stop) => {
  if (stop.because === 'cancelled')
    return {
      line: `${stop.by} cancelled the execution.`,
      unbegun: { status: 'cancelled', message: `Cancelled by ${stop.by} before it began.` },
      between: { status: 'cancelled', message: `Cancelled by ${stop.by} between two steps.` },
      waiting: { status: 'cancelled', message: `Cancelled by ${stop.by} while it waited.` },
      lost: { status: 'cancelled', message: `Given up by ${stop.by}: nobody knows whether its step still runs.` },
    } as const
  const over = `Timed out: the time limit of ${stop.timeoutSec} s of the execution was over`
  return {
    line: `The execution timed out: its time limit of ${stop.timeoutSec} s is over.`,
    unbegun: { status: 'skipped', message: `${over} before it began.` },
    between: { status: 'failed', fault: 'timeout', message: `${over} between two steps.` },
    waiting: { status: 'failed', fault: 'timeout', message: `${over} while it waited.` },
    lost: { status: 'failed', fault: 'timeout', message: `${over}; nobody knows whether its step still runs.` },
  } as const
}

/**
 * Stops an execution, whose row is locked. What has not begun never begins; what runs is stopped by its executor, which
 * then says what it found.
 */
export const createStopping =
  ({ progress, wake }: { progress: Progress; wake: Wake }) =>
  async (ctx: Context, execution: store.LockedExecution, stop: Stop): Promise<void> => {
    const words = wordsOf(stop)
    await store.updateExecution(ctx.db, execution.id, {
      cancelRequestedAt: new Date(),
      ...(stop.because === 'cancelled' ? { cancelRequestedBy: stop.by } : { timedOutAt: new Date() }),
    })
    const changeSeq = await store.drawChange(ctx.db, execution.id)
    await endIdle(ctx.db, execution.id, 'unbegun', { ...words.unbegun, changeSeq })
    await endIdle(ctx.db, execution.id, 'between', { ...words.between, changeSeq })
    await endSetAside(ctx.db, execution.id, { ...words.waiting, cancelOutcome: 'stopped', changeSeq })
    await endBranches(ctx.db, execution.id, ['lost'], {
      ...words.lost,
      cancelOutcome: 'unconfirmed',
      changeSeq,
    })
    await endStepsOfEnded(ctx.db, execution.id, changeSeq)
    await insertLogLines(ctx.db, execution, [
      {
        branch: null,
        phase: 'action_execution',
        level: 'warning',
        category: stop.because === 'cancelled' ? 'user' : 'system',
        message: words.line,
      },
    ])
    await progress.advance(ctx, execution.id)
    afterCommit(ctx, () => wake.announce(topics.cancel(execution.uuid)))
  }

export type Stopping = ReturnType<typeof createStopping>
