import type { Logger } from 'pino'
import type { Context } from '../../kernel/context.ts'
import type { Publish } from '../../kernel/facts/facts.ts'
import type { Identify } from '../../kernel/http/registration.ts'
import { type Queue } from '../../kernel/queue/queue.ts'
import type { Sums } from '../../kernel/metrics/sums.ts'
import type { Vault } from '../../kernel/vault/vault.ts'
import type { Wake } from '../../kernel/wake/wake.ts'
import type { Assets } from '../assets/index.ts'
import { createBranchRun } from './executions/branch-run.ts'
import { executionCounts, makePartitions } from './executions/overview.store.ts'
import { executionRoutes } from './executions/executions.routes.ts'
import { forgetIdempotent } from './executions/idempotency-keys.store.ts'
import { createExecutions } from './executions/executions.ts'
import { createDeadLetters, createSweep } from './executions/executions.timers.ts'
import { createDeadlines } from './executions/deadlines.ts'
import { createLeases } from './executions/leases.ts'
import { createLostBranches } from './executions/lost-branches.ts'
import { createProgress } from './executions/progress.ts'
import { executorRoutes } from './executors/executors.routes.ts'
import { createExecutors } from './executors/executors.ts'
import { createStopping } from './executions/stopping.ts'
import { jobRoutes } from './jobs/jobs.routes.ts'
import { createJobs } from './jobs/jobs.ts'
import { createLive } from './live/live.ts'
import { renderMetrics } from './metrics/exposition.ts'
import { createStepMetrics } from './metrics/step-metrics.ts'
import { createOutput } from './output/output.ts'
import { removeOldOutput } from './output/retention.ts'
import { createPlans } from './plans/plans.ts'

export type AutomationPorts = {
  assets: Assets
  vault: Vault
  queue: Queue
  wake: Wake
  publish: Publish
  identify: Identify
  base: Pick<Context, 'db' | 'log'>
  maxConcurrentExecutions: number
}

export type RunnerOptions = {
  executor: string
  zone: string
  leaseSec: number
  unreachableSec: number
  outputLimitBytes: number
  filesDirectory: string | undefined
  sums: Sums
  log: Logger
}

/** What may be run, and what ran. */
export const createAutomation = ({
  assets,
  vault,
  queue,
  wake,
  publish,
  identify,
  base,
  maxConcurrentExecutions,
}: AutomationPorts) => {
  const jobs = createJobs({ wake })
  const plans = createPlans({ assets, vault })
  const progress = createProgress({ queue, wake, publish, maxConcurrentExecutions })
  const executions = createExecutions({
    plans,
    progress,
    vault,
    publish,
    wake,
    targetUuidOf: assets.targets.uuidOf,
    maxConcurrentExecutions,
  })
  const lostBranches = createLostBranches({ executions, progress, queue })
  const output = createOutput({ executions })
  const executors = createExecutors()
  return {
    endpoints: [
      ...jobRoutes({ jobs, plans }),
      ...executionRoutes({ executions, output, lostBranches }),
      ...executorRoutes({ executors }),
    ],
    openLive: createLive({ identify, executions, wake, base }),
    jobs,
    executions,
    executionCounts: (ctx: Context) => executionCounts(ctx.db),

    /** For the executor: what runs branches, and how it is made to stop. */
    createRunner: ({ log, leaseSec, sums, ...options }: RunnerOptions) => {
      const leases = createLeases({ db: base.db, leaseSec, log })
      const run = createBranchRun({
        plans,
        vault,
        progress,
        connections: assets.connections,
        leases,
        queue,
        wake,
        leaseSec,
        ...options,
        metrics: createStepMetrics({ sums }),
      })
      return { run, leases }
    },

    /** For the executor: says that it lives, and that it stops. */
    executors,

    /** For the gateway: what executors did and what waits, in Prometheus' text format. */
    renderMetrics: () => renderMetrics(base),

    /** For the scheduler. */
    sweep: createSweep({ progress, queue, publish }),
    stopOverdue: createDeadlines({ stop: createStopping({ progress, wake }) }),
    deadLetters: createDeadLetters({ queue }),
    admit: progress.catchUp,
    forgetIdempotencyKeys: (ctx: Context) => forgetIdempotent(ctx.db),
    makePartitions: (ctx: Context) => makePartitions(ctx.db),
    removeOldOutput,
  }
}

export type { BranchTask } from './executions/branch-writes.ts'
export type { Leases } from './executions/leases.ts'
export type Automation = ReturnType<typeof createAutomation>
