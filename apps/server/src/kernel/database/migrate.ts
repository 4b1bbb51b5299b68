import { Client } from 'pg'
import type { Log } from './log.ts'
import { type AppliedMigration, type Migration, pendingMigrations, readMigrations } from './migrations.ts'
import { ensureApplicationRole } from './roles.ts'

export type MigrateOptions = {
  /** URL of the role that owns the tables. */
  readonly ownerUrl: string
  /** URL the application connects with; its user is let into the application's role. The same as `ownerUrl` when there is one. */
  readonly url: string
  /** Folder of `NNNN_name.sql` files. */
  readonly folder: string
  readonly log: Log
  /** Gives up: what was under way is undone. */
  readonly signal?: AbortSignal
}

/** Any number will do as long as all versions of the program use the same one. */
const advisoryLock = 7_206_355_112
const connectLimitMs = 10_000

/**
 * Brings the database to the newest state: one process at a time, each file in a transaction of its own.
 *
 * @returns the names of the files that ran now, oldest first
 * @throws Error with a message for the operator when the server is too old, a migration was edited or fails
 */
export const migrate = async ({ ownerUrl, url, folder, log, signal }: MigrateOptions): Promise<string[]> => {
  const files = await readMigrations(folder)
  const client = new Client({
    connectionString: ownerUrl,
    application_name: 'opsconductor migrate',
    connectionTimeoutMillis: connectLimitMs,
  })
  // a lost connection also fails the query under way; without a listener it would end the process first
  client.on('error', (error) => log.warn({ err: error }, 'the connection that migrates broke'))
  signal?.throwIfAborted()
  // it may wait for another process for as long as that migrates
  const giveUp = () => void client.end()
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    await connectTo(client)
    await checkServer(client)
    await client.query('select pg_advisory_lock($1)', [advisoryLock])
    await ensureApplicationRole(client, new Client({ connectionString: url }).user ?? '')
    const pending = pendingMigrations(files, await readApplied(client))
    for (const migration of pending) {
      await apply(client, migration)
      log.info({ migration: migration.name }, 'migrated')
    }
    if (url !== ownerUrl) await proveLogin(url)
    return pending.map(({ name }) => name)
  } catch (error) {
    signal?.throwIfAborted() // then the connection broke because we closed it
    throw error
  } finally {
    signal?.removeEventListener('abort', giveUp)
    await client.end() // releases the lock too
  }
}

/** The application's own URL is tried before anything stands on it. */
const proveLogin = async (url: string) => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectLimitMs })
  await connectTo(client)
  await client.end()
}

const connectTo = async (client: Client) => {
  try {
    await client.connect()
  } catch (cause) {
    // a name with several addresses fails with an error for each, and none of its own
    const reason = cause instanceof AggregateError ? cause.errors.map(String).join(', ') : String(cause)
    const { user = '', host, port, database = '' } = client
    throw new Error(`The database "${database}" at ${host}:${port} does not let ${user} in: ${reason}`, { cause })
  }
}

const checkServer = async (client: Client) => {
  const answer = await client.query<{ number: number; version: string; encoding: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
            current_setting('server_encoding') as encoding`,
  )
  const server = answer.rows[0]
  if (server === undefined) throw new Error('The database did not say which version it is.')
  if (server.number < 150_000) {
    throw new Error(`OpsConductor needs PostgreSQL 15 or newer; this server is ${server.version}.`)
  }
  if (server.encoding !== 'UTF8') {
    throw new Error(`OpsConductor needs a database with encoding UTF8; this one has ${server.encoding}.`)
  }
}

const readApplied = async (client: Client): Promise<AppliedMigration[]> => {
  await client.query(`
    create schema if not exists kernel;
    create table if not exists kernel.migrations (
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now(),
      constraint migrations_pkey primary key (name)
    )`)
  // "C": the order of the file names, whatever the database's own order is
  const answer = await client.query<AppliedMigration>(
    'select name, checksum from kernel.migrations order by name collate "C"',
  )
  return answer.rows
}

const apply = async (client: Client, { name, sql, checksum }: Migration) => {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query('insert into kernel.migrations (name, checksum) values ($1, $2)', [name, checksum])
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback')
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`The migration ${name} failed and was undone: ${reason}${place(cause, sql)}`, { cause })
  }
}

/** PostgreSQL gives the place of a mistake as a character offset, counted from 1. */
const place = (error: unknown, sql: string) => {
  if (!(error instanceof Error) || !('position' in error)) return ''
  const line = sql.slice(0, Number(error.position) - 1).split('\n').length
  return ` (line ${line})`
}
