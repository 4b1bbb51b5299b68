import type { PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import { createClosing } from './closing.ts'
import { type Database, openDatabase, openListener } from './database/index.ts'
import { startBoss } from './queue/boss.ts'
import { createQueue, type Queue } from './queue/queue.ts'
import { proveMasterKeys } from './vault/key-proof.store.ts'
import type { MasterKey } from './vault/vault.ts'
import { createWake, type Wake } from './wake/wake.ts'

export type FoundationOptions = {
  /** URL of the database, for the application's role. */
  databaseUrl: string
  masterKeys: readonly MasterKey[]
  /** Whether this thread watches over the queue. */
  isQueueMaintainer: boolean
  log: Logger
}

/** What a thread holds open towards the database, and what stands on it. */
export type Foundation = {
  database: Database
  wake: Wake
  /** Takes from the queue, on the connections of `database`. */
  boss: PgBoss
  /** Puts into the queue. */
  queue: Queue
  close: () => Promise<void>
}

/** With the listener's and the queue's own, a thread holds at most 8 connections. */
const poolConnections = 6

/** Opens all connections to the database. When one cannot be opened, those that could are closed again. */
export const openFoundation = async (options: FoundationOptions): Promise<Foundation> => {
  const { databaseUrl: url, masterKeys, isQueueMaintainer, log } = options
  const { add, close } = createClosing()
  try {
    const database = openDatabase({ url, applicationName: 'opsconductor', maxConnections: poolConnections, log })
    add(database.close)
    await proveMasterKeys(database.kysely, masterKeys)
    const listener = await openListener({ url, applicationName: 'opsconductor listen', log })
    add(listener.close)
    const wake = await createWake({ query: database.query, listener, log })
    add(wake.close)
    const boss = await startBoss(database.query, isQueueMaintainer, log)
    add(() => boss.stop({ graceful: false }))
    // It looks up its queues while a transaction of ours is open. With a connection of its own it never waits for those
    // of other transactions, which may be waiting for that very one.
    const queueDatabase = openDatabase({ url, applicationName: 'opsconductor queue', maxConnections: 1, log })
    add(queueDatabase.close)
    const sender = await startBoss(queueDatabase.query, false, log)
    add(() => sender.stop({ graceful: false }))
    return { database, wake, boss, queue: createQueue({ boss: sender, wake }), close }
  } catch (error) {
    await close().catch(() => {}) // why it could not be opened is the failure to tell
    throw error
  }
}
