import { type Context, transaction } from '../../../kernel/context.ts'
import { lockExecution } from './executions.store.ts'
import { selectOverdue } from './deadlines.store.ts'
import type { Stopping } from './stopping.ts'

const sweepLimit = 100

/** Stops executions whose time is over, as a cancel does. Harmless when two do it at once. */
export const createDeadlines =
  ({ stop }: { stop: Stopping }) =>
  async (ctx: Context): Promise<void> => {
    for (const id of await selectOverdue(ctx.db, sweepLimit)) {
      try {
        await transaction(ctx, async (ctx) => {
          const execution = await lockExecution(ctx.db, id)
          if (execution.finishedAt !== null || execution.cancelRequestedAt !== null) return
          await stop(ctx, execution, { because: 'timeout', timeoutSec: execution.timeoutSec ?? 0 })
        })
      } catch (error) {
        ctx.log.error(
          { err: error, executionId: id },
          'an execution whose time is over could not be stopped; it is tried again',
        )
      }
    }
  }
