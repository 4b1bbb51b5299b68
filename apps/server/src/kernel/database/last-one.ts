import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

const everyMs = 50

/**
 * Waits until no other process of ours is connected to a server that is to be stopped: what stops at the same time has
 * something to write down until its end. Those that stay find another server when their time is over.
 *
 * @param limitMs how long it waits at most
 */
export const untilLastOne = async (ownerUrl: string, limitMs: number): Promise<void> => {
  const client = new Client({
    connectionString: ownerUrl,
    application_name: 'last one',
    connectionTimeoutMillis: limitMs,
    query_timeout: limitMs,
  })
  client.on('error', () => {}) // the next question says so
  const end = performance.now() + limitMs
  try {
    await client.connect()
    while (performance.now() < end) {
      const { rows } = await client.query(
        `select from pg_stat_activity where datname = current_database() and application_name like 'opsconductor%' limit 1`,
      )
      if (rows.length === 0) return
      await sleep(everyMs)
    }
  } catch {
    // a server that does not answer has nobody to wait for
  } finally {
    await client.end().catch(() => {})
  }
}
