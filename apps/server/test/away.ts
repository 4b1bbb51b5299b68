import type { Logger } from 'pino'
import { type TestApp, startApp } from './app.ts'
import { cloneFrom } from './database.ts'
import { startScratchServer } from './scratch.ts'
import { createTemplate } from './template.ts'

/** A gateway whose PostgreSQL can be taken away, and does not come again. */
export const startAppToLeaveAlone = async (options: { log?: Logger } = {}) => {
  const postgres = await startScratchServer()
  let stopping: Promise<void> | undefined
  const takeAway = () => (stopping ??= postgres.stop())
  let app: TestApp
  try {
    const database = await cloneFrom(await createTemplate(postgres))
    // a server that goes needs no database dropped before
    const kept = { ...database, [Symbol.asyncDispose]: database.close }
    app = await startApp({ ...options, services: ['gateway'], database: kept })
  } catch (error) {
    await takeAway()
    throw error
  }
  return {
    app,
    takeAway,
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]()
      await takeAway()
    },
  }
}
