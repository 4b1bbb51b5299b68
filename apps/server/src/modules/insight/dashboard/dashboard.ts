import type { Dashboard, Execution, Page } from '@opsconductor/contract'
import { type Context, permit } from '../../../kernel/context.ts'

/** What other modules count; handed in, because insight stands beside them and not on them. */
export type Counts = {
  targets: (ctx: Context) => Promise<Dashboard['targets']>
  jobs: (ctx: Context) => Promise<number>
  credentials: (ctx: Context) => Promise<number>
  executions: (ctx: Context) => Promise<Dashboard['executions']>
  recent: (ctx: Context) => Promise<Page<Execution>>
}

export const createDashboard = ({ counts }: { counts: Counts }) => ({
  read: async (ctx: Context): Promise<Dashboard> => {
    permit(ctx, 'executions.read')
    const [targets, jobs, credentials, executions, recent] = await Promise.all([
      counts.targets(ctx),
      counts.jobs(ctx),
      counts.credentials(ctx),
      counts.executions(ctx),
      counts.recent(ctx),
    ])
    return { targets, jobs, credentials, executions, recent: recent.items }
  },
})
