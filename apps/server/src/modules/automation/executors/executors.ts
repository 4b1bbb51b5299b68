import { type Context, permit } from '../../../kernel/context.ts'
import { deleteExecutor, deleteForgotten, selectExecutors, toExecutor, upsertExecutor } from './executors.store.ts'

export type ExecutorState = { name: string; zone: string; slots: number; running: number }

/** Which executors there are. What an executor may do is decided by its leases alone. */
export const createExecutors = () => ({
  list: async (ctx: Context) => {
    permit(ctx, 'executors.read')
    return { items: (await selectExecutors(ctx.db)).map(toExecutor) }
  },

  /** Says that an executor lives. @param startedAt when it began to */
  present: (ctx: Context, state: ExecutorState, startedAt: Date) => upsertExecutor(ctx.db, { ...state, startedAt }),

  /** An executor stops as it should. */
  leave: (ctx: Context, name: string) => deleteExecutor(ctx.db, name),

  forget: (ctx: Context) => deleteForgotten(ctx.db),
})

export type Executors = ReturnType<typeof createExecutors>
