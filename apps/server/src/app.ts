import { fileURLToPath } from 'node:url'
import { createLocalWire, createSshWire, createWinrmWire } from '@opsconductor/transports'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { openFoundation } from './kernel/foundation.ts'
import { type Context, system } from './kernel/context.ts'
import { createFacts } from './kernel/facts/facts.ts'
import { createMetrics } from './kernel/metrics/metrics.ts'
import { createSums } from './kernel/metrics/sums.ts'
import { createVault, type MasterKey } from './kernel/vault/vault.ts'
import { createAssets } from './modules/assets/index.ts'
import { createAutomation } from './modules/automation/index.ts'
import { createIdentity } from './modules/identity/index.ts'
import { createInsight } from './modules/insight/index.ts'
import { executorName, makeQueues, startExecutor } from './services/executor.ts'
import { startNotifier } from './services/notifier.ts'
import { startScheduler } from './services/scheduler.ts'
import type { RunningService } from './services/service.ts'

export type ServiceName = Config['SERVICES'][number]

export type AppOptions = {
  config: Config
  /** URL of the database, for the application's role. */
  databaseUrl: string
  masterKeys: readonly MasterKey[]
  log: Logger
  /** The services of this thread. */
  services: readonly ServiceName[]
}

export const version = '0.1.0'
export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))
const webFolder = fileURLToPath(new URL('../../web/dist', import.meta.url))

/** Builds everything that lives as long as the thread, once, lowest first: the order of lines is the order of dependence. */
export const createApp = async ({ config, databaseUrl, masterKeys, log, services }: AppOptions) => {
  const isQueueMaintainer = services.includes('scheduler')
  const foundation = await openFoundation({ databaseUrl, masterKeys, isQueueMaintainer, log })
  const { database, wake, boss, queue, close } = foundation
  const { kysely: db, pool } = database
  const vault = createVault(masterKeys)
  const publish = createFacts({ consumers: [] })
  const metrics = createMetrics()
  // only an executor reaches out to targets
  const wires = services.includes('executor')
    ? {
        ssh: createSshWire({
          idleMs: config.SSH_IDLE_SEC * 1000,
          maxConnections: config.SSH_MAX_CONNECTIONS,
          handshakesInFlight: config.SSH_HANDSHAKES,
          channelsPerConnection: config.SSH_CHANNELS_PER_CONNECTION,
          keepaliveIntervalMs: config.SSH_KEEPALIVE_SEC * 1000,
          openssh: { configFile: config.SSH_CONFIG },
        }),
        winrm: createWinrmWire(),
        local: config.LOCAL_TRANSPORT ? createLocalWire() : null,
      }
    : null

  const identity = createIdentity({ vault, wake })
  const identify = (accessToken: string) => identity.identify({ db }, accessToken)
  const assets = createAssets({
    vault,
    queue,
    wake,
    wires,
    logins: { agentSockets: config.SSH_AGENT_SOCKETS, isSystemAllowed: config.SSH_SYSTEM_LOGIN },
    mayUseTickets: config.KERBEROS_TICKETS,
  })
  const automation = createAutomation({
    assets,
    vault,
    queue,
    wake,
    publish,
    identify,
    base: { db, log },
    maxConcurrentExecutions: config.MAX_CONCURRENT_EXECUTIONS,
  })
  const insight = createInsight({
    counts: {
      targets: assets.targets.counts,
      credentials: assets.credentials.count,
      jobs: automation.jobs.count,
      executions: automation.executionCounts,
      recent: (ctx) => automation.executions.list(ctx, { limit: 10 }),
    },
  })
  const endpoints = [...identity.endpoints, ...assets.endpoints, ...automation.endpoints, ...insight.endpoints]

  /** The context of what the program does on its own. */
  const contextOf = (name: string): Context => ({
    actor: system(name),
    requestId: name,
    address: null,
    db,
    log,
    signal: neverAborted,
    afterCommit: null,
  })

  const starts = {
    gateway: async () => {
      // what only it needs is much to load, and a thread without it is there sooner
      const { startGateway } = await import('./services/gateway.ts')
      return startGateway({
        version,
        pool,
        db,
        log,
        endpoints,
        identify,
        openSocket: automation.openLive,
        webFolder,
        metrics: async () => metrics.render(await automation.renderMetrics()),
        host: config.HOST,
        port: config.PORT,
        publicUrl: config.PUBLIC_URL,
        trustedProxies: config.TRUSTED_PROXIES,
        loginsPerMinute: config.LOGINS_PER_MINUTE,
        services: config.SERVICES,
        numericAliases: {
          users: 'identity.users',
          credentials: 'assets.credentials',
          targets: 'assets.targets',
          jobs: 'automation.jobs',
          executions: 'automation.executions',
        },
      })
    },
    executor: async (): Promise<RunningService> => {
      await makeQueues(queue, config.ZONE)
      const sums = createSums({ db, log })
      const { run, leases } = automation.createRunner({
        executor: executorName(),
        zone: config.ZONE,
        leaseSec: config.LEASE_SEC,
        unreachableSec: config.UNREACHABLE_SEC,
        outputLimitBytes: config.OUTPUT_LIMIT_MB * 1024 * 1024,
        filesDirectory: config.FILES_DIR,
        sums,
        log,
      })
      const name = executorName()
      const startedAt = new Date()
      return startExecutor({
        boss,
        wake,
        log,
        zone: config.ZONE,
        slots: config.EXECUTOR_SLOTS,
        contextOf,
        runBranch: run,
        runTest: assets.runTest,
        leases,
        present: (running) =>
          automation.executors.present(
            contextOf('executor'),
            { name, zone: config.ZONE, slots: config.EXECUTOR_SLOTS, running },
            startedAt,
          ),
        leave: () => automation.executors.leave(contextOf('executor'), name),
        stopCounting: sums.stop,
        closeWires: async () => {
          await Promise.all([wires?.ssh.close(), wires?.winrm.close()])
        },
      })
    },
    scheduler: async (): Promise<RunningService> =>
      startScheduler(
        [
          { name: 'sweep', everyMs: 1_000, act: automation.sweep },
          { name: 'deadlines', everyMs: 1_000, act: automation.stopOverdue },
          { name: 'dead letters', everyMs: 5_000, act: automation.deadLetters },
          { name: 'admission', everyMs: 1_000, act: automation.admit },
          { name: 'lost tests', everyMs: 60_000, act: assets.endLostTests },
          { name: 'idempotency keys', everyMs: 3_600_000, act: automation.forgetIdempotencyKeys },
          { name: 'silent executors', everyMs: 3_600_000, act: automation.executors.forget },
          { name: 'partitions', everyMs: 3_600_000, act: automation.makePartitions },
          {
            name: 'retention',
            everyMs: 3_600_000,
            act: (ctx) => automation.removeOldOutput(ctx, config.OUTPUT_KEEP_DAYS),
          },
        ],
        contextOf,
        log,
      ),
    notifier: async (): Promise<RunningService> => startNotifier(log),
  }

  return {
    starts,
    contextOf,
    identity,
    /** The job and target rules, for what the first start sets up. */
    automation,
    assets,
    close,
  }
}

export type App = Awaited<ReturnType<typeof createApp>>

const neverAborted = new AbortController().signal
