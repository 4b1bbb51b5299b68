import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { type Context, system } from './kernel/context.ts'
import { openDatabase, openListener } from './kernel/database/index.ts'
import { createFacts } from './kernel/facts/facts.ts'
import { startBoss } from './kernel/queue/boss.ts'
import { createQueue } from './kernel/queue/queue.ts'
import { proveMasterKeys } from './kernel/vault/key-proof.store.ts'
import { createVault, type MasterKey } from './kernel/vault/vault.ts'
import { createWake } from './kernel/wake/wake.ts'
import { createIdentity } from './modules/identity/index.ts'

export type AppOptions = {
  config: Config
  /** URL of the database, for the application's role. */
  databaseUrl: string
  masterKeys: readonly MasterKey[]
  log: Logger
  /** Whether this thread runs the executor and so reaches out to targets. */
  reachesTargets: boolean
  /** Whether this thread watches over the queue; the scheduler does. */
  isMaintainer: boolean
}

export const version = '0.1.0'
export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))
export const webFolder = fileURLToPath(new URL('../../web/dist', import.meta.url))

/** Builds everything that lives as long as the thread, once, lowest first: the order of lines is the order of dependence. */
export const createApp = async ({ config, databaseUrl, masterKeys, log, isMaintainer }: AppOptions) => {
  const database = openDatabase({ url: databaseUrl, applicationName: 'opsconductor', log })
  const db = database.kysely
  const listener = await openListener({ url: databaseUrl, applicationName: 'opsconductor listen', log })
  const wake = await createWake({ pool: database.pool, listener, log })
  const boss = await startBoss(database.pool, isMaintainer, log)
  const queue = createQueue({ boss, wake })
  await proveMasterKeys(db, masterKeys)
  const vault = createVault(masterKeys)
  const publish = createFacts({ consumers: [] })
  const identity = createIdentity({ vault })

  /** The context of what the program does on its own. */
  const contextOf = (name: string, signal: AbortSignal = neverAborted): Context => ({
    actor: system(name),
    requestId: name,
    address: null,
    db,
    log,
    signal,
    afterCommit: null,
  })

  return {
    config,
    log,
    db,
    pool: database.pool,
    wake,
    boss,
    queue,
    publish,
    identity,
    contextOf,
    endpoints: [...identity.endpoints],
    close: async () => {
      await boss.stop({ graceful: false })
      await wake.close()
      await listener.close()
      await database.close()
    },
  }
}

export type App = Awaited<ReturnType<typeof createApp>>

const neverAborted = new AbortController().signal
