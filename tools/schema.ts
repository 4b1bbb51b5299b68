import { generate, PostgresDialect } from 'kysely-codegen'
import { openDatabase } from '../apps/server/src/kernel/database/index.ts'
import { quiet } from '../apps/server/test/quiet.ts'
import { startScratchServer } from '../apps/server/test/scratch.ts'
import { prepareTemplate } from '../apps/server/test/template.ts'

/**
 * The types of all tables, read from a database that has just been migrated.
 * The choices are those of `kernel/database/values.ts` (what the driver returns) and `connect.ts` (camelCase).
 */
export const makeSchema = async (): Promise<string> => {
  const server = await startScratchServer()
  try {
    await prepareTemplate(server.ownerUrl, server.url)
    const db = openDatabase({ url: server.ownerUrl, role: null, applicationName: 'schema', log: quiet })
    try {
      return await generate({
        db: db.kysely.withoutPlugins(),
        dialect: new PostgresDialect(),
        camelCase: true,
        defaultSchemas: [], // every table is named with its schema
        excludePattern: 'pgboss.*', // the queue's own, spoken to through its API alone
        typeMapping: { int8: 'number', date: 'string' },
        outFile: null,
        partitions: false,
      })
    } finally {
      await db.close()
    }
  } finally {
    await server.stop()
  }
}
