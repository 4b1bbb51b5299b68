/**
 * A process of its own that starts the embedded PostgreSQL of a data directory, for tests that kill it.
 * Warnings go to standard error. Prints one line of JSON when it is ready, one when it takes over, and stops cleanly on SIGTERM.
 *
 *     node embedded-process.ts <data directory>
 */
import { pino } from 'pino'
import { startEmbeddedPostgres } from '../src/kernel/database/index.ts'

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }))
const postgres = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', log })
let adopted = postgres.adopted()
say({ ready: true, adopted, ownerUrl: postgres.ownerUrl() })

const watch = setInterval(() => {
  if (postgres.adopted() === adopted) return
  adopted = postgres.adopted()
  say({ adopted })
}, 50)

process.on('SIGTERM', () => {
  clearInterval(watch)
  void postgres.stop()
})
