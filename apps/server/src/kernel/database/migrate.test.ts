import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase, type TestDatabase } from '../../../test/database.ts'
import { quiet } from '../../../test/quiet.ts'
import { migrate } from './migrate.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

const write = (name: string, sql: string) => writeFile(join(folder, name), sql)
const run = ({ ownerUrl, url }: TestDatabase) => migrate({ ownerUrl, url, folder, log: quiet })

describe('migrations', () => {
  test('run once, in the order of their numbers', async () => {
    await using db = await emptyDatabase()
    await write('0002_b.sql', 'insert into a values (1)')
    await write('0001_a.sql', 'create table a (n int)')
    expect(await run(db)).toEqual(['0001_a.sql', '0002_b.sql'])
    await write('0010_c.sql', 'insert into a values (2)')
    expect(await run(db)).toEqual(['0010_c.sql'])
    expect(await run(db)).toEqual([])
    expect(await db.asOwner('select n from a order by n')).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('run once when several processes start together', async () => {
    await using db = await emptyDatabase()
    await write('0001_a.sql', 'create table a (n int); insert into a values (1)')
    const applied = await Promise.all(Array.from({ length: 4 }, () => run(db)))
    expect(applied.flat()).toEqual(['0001_a.sql'])
    expect(await db.asOwner('select n from a')).toEqual([{ n: 1 }])
  })

  test('run in many databases of one cluster together, though the roles are shared', async () => {
    await write('0001_a.sql', 'create table a (n int); grant select on a to opsconductor_app')
    const databases = await Promise.all(Array.from({ length: 4 }, () => emptyDatabase()))
    try {
      const applied = await Promise.all(databases.map((db) => run(db)))
      expect(applied).toEqual(databases.map(() => ['0001_a.sql']))
    } finally {
      for (const db of databases) await db[Symbol.asyncDispose]()
    }
  })

  test('say which database does not let whom in, also when it is only the application', async () => {
    await using db = await emptyDatabase()
    const stranger = new URL(db.url)
    stranger.password = 'wrong'
    const { host, pathname, username } = stranger
    const message = `"${pathname.slice(1)}" at ${host} does not let ${username} in: error: password authentication failed`
    await expect(run({ ...db, url: stranger.href })).rejects.toThrow(message)

    const nowhere = 'postgres://somebody@localhost:1/nothing'
    await expect(migrate({ ownerUrl: nowhere, url: nowhere, folder, log: quiet })).rejects.toThrow(
      /"nothing" at localhost:1 does not let somebody in: .*ECONNREFUSED/,
    )
  })

  test('that fail leave nothing behind and name the file and the line', async () => {
    await using db = await emptyDatabase()
    await write('0001_a.sql', 'create table a (n int);\n\nselect nonsense;')
    await expect(run(db)).rejects.toThrow(
      /0001_a\.sql failed and was undone: column "nonsense" does not exist \(line 3\)/,
    )
    expect(await db.asOwner("select to_regclass('a') as a")).toEqual([{ a: null }])
    await write('0001_a.sql', 'create table a (n int)')
    expect(await run(db)).toEqual(['0001_a.sql'])
  })

  test('stop the start when one that ran was edited', async () => {
    await using db = await emptyDatabase()
    await write('0001_a.sql', 'create table a (n int)')
    await run(db)
    await write('0001_a.sql', 'create table a (n bigint)')
    await expect(run(db)).rejects.toThrow('0001_a.sql was edited after it had run')
  })

  test('are the same with the line ends of Windows', async () => {
    await using db = await emptyDatabase()
    await write('0001_a.sql', 'create table a (\nn int)')
    await run(db)
    await write('0001_a.sql', 'create table a (\r\nn int)')
    expect(await run(db)).toEqual([])
  })

  test('stop the start when one that ran is missing, or the database is newer than the program', async () => {
    await using db = await emptyDatabase()
    await write('0001_a.sql', 'create table a (n int)')
    await write('0002_b.sql', 'create table b (n int)')
    await run(db)
    await rm(join(folder, '0002_b.sql'))
    await expect(run(db)).rejects.toThrow('The database is newer than this program: 0002_b.sql')
    await write('0003_c.sql', 'create table c (n int)')
    await expect(run(db)).rejects.toThrow('0002_b.sql has run on this database, but its file is missing')
  })

  test('stop the start when a new one was put before one that ran', async () => {
    await using db = await emptyDatabase()
    await write('0002_b.sql', 'create table b (n int)')
    await run(db)
    await write('0001_a.sql', 'create table a (n int)')
    await expect(run(db)).rejects.toThrow('0001_a.sql comes before 0002_b.sql, which has already run')
  })

  test('with one number, or without a number, are refused', async () => {
    await using db = await emptyDatabase()
    await write('0001_a.sql', 'select 1')
    await write('0001_b.sql', 'select 1')
    await expect(run(db)).rejects.toThrow('0001_a.sql and 0001_b.sql have the same number')
    await rm(join(folder, '0001_b.sql'))
    await write('later.sql', 'select 1')
    await expect(run(db)).rejects.toThrow('later.sql must be named like 0010_identity.sql')
  })
})
