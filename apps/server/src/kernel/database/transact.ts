import { type DatabaseConnection, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { DB } from './schema.gen.ts'
import { spelling } from './spelling.ts'

/**
 * A transaction whose statements travel as soon as they are asked for: what does not need the answers of others is asked
 * together with them (`await Promise.all([…])`), costs no round trip of its own, and still happens in the order of asking.
 * When one fails, those behind it fail too.
 */
export const transact = <T>(db: Kysely<DB>, work: (db: Kysely<DB>) => Promise<T>): Promise<T> =>
  db.transaction().execute((whole) =>
    whole.getExecutor().provideConnection(async (connection) => {
      let isOver = false
      const use = () => {
        // one of several that were asked together has failed, and what another goes on with has no place to happen
        if (isOver) throw new Error('The transaction is over.')
        return connection
      }
      try {
        return await work(over(use))
      } finally {
        isOver = true
      }
    }),
  )

/** Speaks over one connection, whoever else does so at this moment. */
const over = (use: () => DatabaseConnection) =>
  new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => ({
        init: async () => {},
        acquireConnection: async () => use(),
        beginTransaction: withinOne,
        commitTransaction: withinOne,
        rollbackTransaction: withinOne,
        releaseConnection: async () => {},
        destroy: async () => {},
      }),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    plugins: [spelling],
  })

const withinOne = (): never => {
  throw new Error('This is a transaction already.')
}
