import { Client } from 'pg'
import { PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import { applicationRole, type Database } from '../database/index.ts'

const schema = 'pgboss'
const grantLock = 7_206_355_115

/** Installs or upgrades the queue's own tables as the owner, and lets the application work with them. */
export const installQueue = async (ownerUrl: string): Promise<void> => {
  const boss = new PgBoss({ connectionString: ownerUrl, schema, supervise: false, schedule: false, max: 2 })
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {}) // only heard while starting
  boss.on('error', failure.reject)
  try {
    await Promise.race([boss.start(), failure.promise])
  } finally {
    await boss.stop({ graceful: false }) // half started it would keep the process for ever
  }

  const client = new Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    // two that grant at the same moment fail with "tuple concurrently updated"
    await client.query(`
      select pg_advisory_xact_lock(${grantLock});
      grant usage on schema ${schema} to ${applicationRole};
      grant select, insert, update, delete on all tables in schema ${schema} to ${applicationRole};
      grant usage, select on all sequences in schema ${schema} to ${applicationRole};
      grant execute on all functions in schema ${schema} to ${applicationRole};`)
  } finally {
    await client.end()
  }
}

/**
 * The queue engine on the application's own connections. It delivers, nothing more: what has run is decided by our tables.
 *
 * @param isMaintainer whether this process watches over heartbeats and clears what is old; the scheduler does
 */
export const startBoss = async (query: Database['query'], isMaintainer: boolean, log: Logger): Promise<PgBoss> => {
  const boss = new PgBoss({
    db: { executeSql: query },
    schema,
    migrate: false,
    schedule: false,
    supervise: isMaintainer,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    persistQueueStats: false,
  })
  // an 'error' nobody hears ends the process
  boss.on('error', (error) => log.error({ err: error }, 'the queue reports an error'))
  boss.on('warning', (warning) => log.warn({ warning }, 'the queue warns'))
  try {
    await boss.start()
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => {}) // half started it would go on for ever
    throw error
  }
  return boss
}
