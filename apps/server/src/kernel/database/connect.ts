import { Kysely, type PostgresCursor, PostgresDialect, type PostgresPoolClient, type PostgresQueryResult } from 'kysely'
import { type ClientConfig, Pool, type PoolClient, type QueryResult } from 'pg'
import { gatheringSocket } from './gathering-socket.ts'
import type { Log } from './log.ts'
import { createStatementNames, queryPrepared, type StatementNames } from './prepared.ts'
import { applicationRole } from './roles.ts'
import type { DB } from './schema.gen.ts'
import { spelling } from './spelling.ts'
import { valueTypes } from './values.ts'

export type OpenDatabaseOptions = {
  readonly url: string
  /** The role every connection steps into; `null` stays what the URL logs in as, which only tools need. */
  readonly role?: string | null
  /** Connections at most, per thread. */
  readonly maxConnections?: number
  /** A statement without an answer for so long is given up together with its connection. */
  readonly answerLimitMs?: number
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string
  readonly log: Log
}

/** Far more than any statement of ours takes: the other side has died without a word. */
const answerLimitMs = 300_000

export type Database = {
  readonly kysely: Kysely<DB>
  /** The same connections for what speaks to `pg` directly. */
  readonly pool: Pool
  /** One statement on any of these connections, prepared when it comes often. */
  readonly query: (text: string, values?: readonly unknown[]) => Promise<QueryResult>
  readonly close: () => Promise<void>
}

/** Opens a pool. Nothing is connected before the first query. */
export const openDatabase = ({
  url,
  role,
  maxConnections = 8,
  answerLimitMs: givenLimitMs = answerLimitMs,
  applicationName,
  log,
}: OpenDatabaseOptions): Database => {
  const pool = new Pool({
    ...connectionConfig(url, role, applicationName),
    max: maxConnections,
    query_timeout: givenLimitMs,
    types: valueTypes,
    // statements travel without waiting for the answers of those before them, see `transact`
    pipeline: true,
    stream: gatheringSocket,
  })
  let closing = false
  // An idle connection that breaks (a restart of the server) is replaced by the next query. The driver does not wait for
  // connections to have said goodbye, so a server that stops right after us still gets a word in: nobody needs to hear it.
  pool.on('error', (error) => {
    if (!closing) log.warn({ err: error }, 'an idle database connection broke')
  })
  // One that breaks while it is lent, but not used at this moment, would end the process; its next query says so anyway.
  pool.on('connect', (client) => client.on('error', () => {}))
  const names = createStatementNames()
  const kysely = new Kysely<DB>({
    dialect: new PostgresDialect({
      pool: {
        options: {},
        connect: async () => preparing(await pool.connect(), names),
        end: async () => {}, // see `close`: Kysely ends no pool that it has not used
      },
    }),
    plugins: [spelling],
  })
  const close = async () => {
    closing = true
    await kysely.destroy()
    await pool.end()
  }
  return { kysely, pool, query: (text, values) => queryPrepared(pool, names, text, values), close }
}

/** A connection as Kysely uses it. */
const preparing = (client: PoolClient, names: StatementNames): PostgresPoolClient => {
  function query<Row>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<Row>>
  function query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>
  function query(text: unknown, values: readonly unknown[] = []): unknown {
    if (typeof text !== 'string') throw new TypeError('Statements are read whole here, not through cursors.')
    if (text !== 'begin') return queryPrepared(client, names, text, values)
    // its answer says nothing: it travels with the statement behind it, which fails when this one does
    client.query(text).catch(() => {})
    return Promise.resolve({ command: 'BEGIN', rowCount: 0, rows: [] })
  }
  return { query, release: (isBroken) => client.release(isBroken) }
}

/** What a connection of the application says when it logs in: who it works as, and UTC. */
export const connectionConfig = (
  url: string,
  role: string | null | undefined,
  applicationName: string,
): ClientConfig => {
  const connection = new URL(url)
  // Options in the URL stay, but ours come last and win: PostgreSQL takes the last of two settings.
  // They go into the URL because the driver lets a URL's options replace those given beside it.
  const ours = ['-c timezone=UTC', ...(role === null ? [] : [`-c role=${role ?? applicationRole}`])]
  connection.searchParams.set('options', [connection.searchParams.get('options'), ...ours].filter(Boolean).join(' '))
  return {
    connectionString: connection.href,
    application_name: applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 10_000,
    // a process that stops in the middle of a transaction must not hold its locks for ever
    idle_in_transaction_session_timeout: 60_000,
  }
}
