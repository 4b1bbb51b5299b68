import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { emptyDatabase } from '../test/database.ts'
import { until } from '../test/until.ts'

const program = fileURLToPath(new URL('main.ts', import.meta.url))

const start = (settings: Record<string, string>, ...args: string[]) => {
  const child = spawn(process.execPath, [program, ...args], {
    env: {
      PATH: process.env['PATH'],
      ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`OPSCONDUCTOR_${name}`, value])),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { said: () => said, ended, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}

test('Ctrl-C ends a start that waits for another one to migrate the database', async () => {
  await using db = await emptyDatabase()
  const other = new Client({ connectionString: db.ownerUrl })
  await other.connect()
  try {
    await other.query('select pg_advisory_lock(7206355112)')
    const process = start({
      DATABASE_URL: db.url,
      DATABASE_OWNER_URL: db.ownerUrl,
      MASTER_KEY: randomBytes(32).toString('base64'),
      PORT: '0',
    })
    const isWaiting = async () => {
      const { rowCount } = await other.query(
        `select from pg_locks where locktype = 'advisory' and not granted
           and database = (select oid from pg_database where datname = current_database())`,
      )
      return (rowCount ?? 0) > 0
    }
    await until(isWaiting)
    process.kill('SIGINT')
    expect([await process.ended, process.said()]).toEqual([0, expect.stringContaining('Stopped.')])
    expect(process.said()).not.toContain('because')
  } finally {
    await other.end()
  }
})

test('config prints what was understood, and names what is no setting', async () => {
  const process = start({ PORT: '7171', PROT: '1', HOST_FILE: '', LEASE_SECONDS_FILE: '/x' }, 'config')
  expect(await process.ended).toBe(0)
  const lines = process.said().trimEnd().split('\n')
  expect(lines).toContain('OPSCONDUCTOR_PORT=7171')
  expect(lines.slice(-2)).toEqual([
    'not a setting: OPSCONDUCTOR_PROT',
    'not a setting: OPSCONDUCTOR_LEASE_SECONDS_FILE',
  ])
})
