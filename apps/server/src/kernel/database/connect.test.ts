import { expect, test } from 'vitest'
import { cloneDatabase } from '../../../test/database.ts'
import { quiet } from '../../../test/quiet.ts'
import { answers } from './answers.ts'
import { openDatabase } from './connect.ts'
import { isUnavailable } from './unavailable.ts'

test('a statement that no answer comes to is given up, and its connection is replaced', async () => {
  await using db = await cloneDatabase()
  const database = openDatabase({
    url: db.url,
    applicationName: 'test',
    maxConnections: 1,
    answerLimitMs: 500,
    log: quiet,
  })
  try {
    const error: unknown = await database.query('select pg_sleep(60)').catch((failure: unknown) => failure)
    expect(isUnavailable(error)).toBe(true)
    expect(await answers(database.pool)).toBe(true)
  } finally {
    await database.close()
  }
})
