import { hostname } from 'node:os'
import type { PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import type { Context } from '../kernel/context.ts'
import { startPump } from '../kernel/queue/pump.ts'
import { type Queue, queueOf } from '../kernel/queue/queue.ts'
import type { Wake } from '../kernel/wake/wake.ts'
import type { BranchTask, Leases } from '../modules/automation/index.ts'
import type { RunningService } from './service.ts'

export type ExecutorPorts = {
  boss: PgBoss
  wake: Wake
  log: Logger
  zone: string
  slots: number
  contextOf: (name: string) => Context
  runBranch: (ctx: Context, task: BranchTask) => Promise<void>
  runTest: (ctx: Context, task: { test: string }) => Promise<void>
  leases: Leases
  /** Says that this executor lives, and how many branches it runs. */
  present: (running: number) => Promise<void>
  /** Says that it stops. */
  leave: () => Promise<void>
  /** Writes down what was counted. */
  stopCounting: () => Promise<void>
  /** Closes the connections to targets. */
  closeWires: () => Promise<void>
}

/** Connection tests at a time; they are short and people wait for them. */
const testSlots = 10
/** Steps that run when the executor is to stop may end on their own for so long. */
const graceMs = 5_000
/** It says so often that it lives. */
const presentMs = 3_000

/** Names this executor in rows and logs. */
export const executorName = () => `${hostname()}:${process.pid}`

/** Makes the queues of a zone. What can fail comes before an executor has anything that would have to be ended. */
export const makeQueues = async (queue: Queue, zone: string): Promise<void> => {
  await queue.ensure(queueOf('branch', zone))
  await queue.ensure(queueOf('test', zone))
}

/** Takes branches and connection tests of its zone from its queues and does them. */
export const startExecutor = async (ports: ExecutorPorts): Promise<RunningService> => {
  const { boss, wake, log, zone, slots, contextOf, leases } = ports
  const branchQueue = queueOf('branch', zone)
  const testQueue = queueOf('test', zone)
  const branches = startPump({
    boss,
    wake,
    log,
    queue: branchQueue,
    slots,
    handle: ({ branch, target, execution }) =>
      ports.runBranch(contextOf('executor'), {
        branch: String(branch),
        ...(target === undefined ? {} : { target: String(target) }),
        ...(execution === undefined ? {} : { execution: String(execution) }),
      }),
  })
  const tests = startPump({
    boss,
    wake,
    log,
    queue: testQueue,
    slots: testSlots,
    handle: ({ test }) => ports.runTest(contextOf('executor'), { test: String(test) }),
  })
  const sayPresent = () =>
    ports.present(branches.running()).catch((error: unknown) => log.warn({ err: error }, 'could not say that it lives'))
  await sayPresent()
  let saying = Promise.resolve()
  const presence = setInterval(() => {
    saying = sayPresent()
  }, presentMs)
  log.info({ zone, slots, executor: executorName() }, 'the executor takes branches')

  return {
    stop: async () => {
      leases.handOver()
      const grace = setTimeout(() => leases.interruptAll(), graceMs)
      await Promise.all([branches.stop(), tests.stop()])
      clearTimeout(grace)
      leases.stop()
      clearInterval(presence)
      await saying
      await ports.leave().catch((error: unknown) => log.warn({ err: error }, 'could not say that it stops'))
      await ports.stopCounting()
      await ports.closeWires()
    },
  }
}
