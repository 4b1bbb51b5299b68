import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { type Database, openDatabase } from '../src/kernel/database/index.ts'
import { type Cluster, onServer, withDatabase } from './cluster.ts'
import { quiet } from './quiet.ts'

export type TestDatabase = Database &
  AsyncDisposable & {
    /** The application's URL. */
    readonly url: string
    /** The URL of the owner of the tables. */
    readonly ownerUrl: string
    /** Runs statements as the owner of the tables. @returns the rows of the last one */
    readonly asOwner: (statements: string) => Promise<unknown[]>
  }

/**
 * A migrated database of its own, dropped at the end of the scope:
 *
 *     await using db = await cloneDatabase()
 *     await db.kysely.selectFrom('assets.targets')…
 */
export const cloneDatabase = (): Promise<TestDatabase> => cloneFrom(inject('postgres'))

/** The same in a PostgreSQL of one's own. */
export const cloneFrom = (cluster: Cluster): Promise<TestDatabase> => createDatabase(cluster, cluster.template)

/** A database in which nothing has been migrated. */
export const emptyDatabase = (): Promise<TestDatabase> => createDatabase(inject('postgres'), 'template0')

const createDatabase = async (cluster: Cluster, template: string): Promise<TestDatabase> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await onServer(cluster, (client) => client.query(`create database "${name}" template "${template}" encoding 'UTF8'`))
  const url = withDatabase(cluster.url, name)
  const ownerUrl = withDatabase(cluster.ownerUrl, name)
  const database = openDatabase({ url, applicationName: 'test', log: quiet })
  return {
    ...database,
    url,
    ownerUrl,
    asOwner: (statements) =>
      onServer({ ownerUrl }, async (client) => {
        const results = [await client.query(statements)].flat() // several statements answer with several results
        return results.at(-1)?.rows ?? []
      }),
    [Symbol.asyncDispose]: async () => {
      await database.close()
      // "force": a service under test may have left connections
      await onServer(cluster, (client) => client.query(`drop database if exists "${name}" with (force)`))
    },
  }
}
