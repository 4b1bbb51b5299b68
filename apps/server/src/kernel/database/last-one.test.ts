import { expect, test } from 'vitest'
import { cloneDatabase } from '../../../test/database.ts'
import { quiet } from '../../../test/quiet.ts'
import { openDatabase } from './connect.ts'
import { untilLastOne } from './last-one.ts'

test('a server is waited for until the last of us has gone, or the time is over', async () => {
  await using database = await cloneDatabase()
  const other = openDatabase({ url: database.url, applicationName: 'opsconductor queue', log: quiet })
  await other.query('select 1')
  let isOver = false
  const waiting = untilLastOne(database.ownerUrl, 60_000).then(() => (isOver = true))
  await untilLastOne(database.ownerUrl, 200) // gives up by itself
  expect(isOver).toBe(false)
  await other.close()
  await waiting
})
