import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { quiet } from '../../../../test/quiet.ts'
import { startEmbeddedPostgres } from './embedded.ts'
import { readSettings } from './settings.ts'

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'embedded-'))
  await chmod(dataDir, 0o711)
})
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true })
})

const ask = async (url: string, text: string) => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

test('a new data directory gets a safe database that keeps its rows over a restart', async () => {
  const first = await startEmbeddedPostgres({ dataDir, log: quiet })
  expect(first.adopted()).toBe(false)
  const settings = [
    'server_encoding',
    'data_checksums',
    'fsync',
    'synchronous_commit',
    'listen_addresses',
    'password_encryption',
  ]
  const shown = settings.map((name) => `current_setting('${name}') as ${name}`).join(', ')
  expect(
    await ask(first.ownerUrl(), `select ${shown}, datcollate from pg_database where datname = current_database()`),
  ).toEqual([
    {
      server_encoding: 'UTF8',
      data_checksums: 'on',
      fsync: 'on',
      synchronous_commit: 'on',
      listen_addresses: '127.0.0.1',
      password_encryption: 'scram-sha-256',
      datcollate: 'C.UTF-8',
    },
  ])
  expect(
    await ask(first.url(), 'select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user'),
  ).toEqual([{ rolsuper: false, rolcreaterole: false, rolcreatedb: false }])
  await ask(first.ownerUrl(), 'create table kept as select 1 as n')
  await first.stop()
  await expect(ask(first.ownerUrl(), 'select 1')).rejects.toThrow('ECONNREFUSED')

  const second = await startEmbeddedPostgres({ dataDir, log: quiet })
  expect(second.ownerUrl()).toBe(first.ownerUrl())
  expect(await ask(second.ownerUrl(), 'select n from kept')).toEqual([{ n: 1 }])
  await second.stop()
})

test.skipIf(process.platform === 'win32')('port and passwords are for the owner of the process alone', async () => {
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet })
  const { mode } = await stat(join(dataDir, 'postgres.json'))
  expect(mode & 0o777).toBe(0o600)
  const wrong = new URL(postgres.url())
  wrong.password = 'guessed'
  await expect(ask(wrong.href, 'select 1')).rejects.toThrow('password authentication failed')
  await postgres.stop()
})

test('a second start in the same data directory adopts the server and leaves it running when it stops', async () => {
  const first = await startEmbeddedPostgres({ dataDir, log: quiet })
  const second = await startEmbeddedPostgres({ dataDir, log: quiet })
  expect([first.adopted(), second.adopted()]).toEqual([false, true])
  expect(second.url()).toBe(first.url())
  await second.stop()
  expect(await ask(first.url(), 'select 1 as n')).toEqual([{ n: 1 }])
  await first.stop()
})

test('a data directory of another major version is refused and left alone', async () => {
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet })
  await postgres.stop()
  const version = join(dataDir, 'postgres', 'PG_VERSION')
  await writeFile(version, '17\n')
  await expect(startEmbeddedPostgres({ dataDir, log: quiet })).rejects.toThrow(
    /postgres was made by PostgreSQL 17, and this is PostgreSQL 18/,
  )
  expect(await readFile(version, 'utf8')).toBe('17\n')
})

test('a server that cannot start says why in its own words, and the lock is free again', async () => {
  const settings = { shared_buffers: 'plenty' }
  await expect(startEmbeddedPostgres({ dataDir, log: quiet, settings })).rejects.toThrow(
    /PostgreSQL did not start.*\n.*invalid value for parameter "shared_buffers": "plenty"/,
  )
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet })
  await postgres.stop()
})

test('a port that another program took over is changed', async () => {
  const first = await startEmbeddedPostgres({ dataDir, log: quiet })
  await first.stop()
  const before = await readSettings(join(dataDir, 'postgres.json'))
  const squatter = createServer().listen(before?.port, '127.0.0.1')
  try {
    const second = await startEmbeddedPostgres({ dataDir, log: quiet })
    expect(await ask(second.url(), 'select 1 as n')).toEqual([{ n: 1 }])
    const after = await readSettings(join(dataDir, 'postgres.json'))
    expect(after?.port).not.toBe(before?.port)
    await second.stop()
  } finally {
    squatter.close()
  }
})

test('a start can be given up', async () => {
  await expect(startEmbeddedPostgres({ dataDir, log: quiet, signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet })
  await postgres.stop()
})
