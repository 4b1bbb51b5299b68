import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '../../../../test/app.ts'
import { until } from '../../../../test/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'opsconductor-strategy-'))
let app: TestApp
let number = 0

beforeAll(async () => {
  app = await startApp({ settings: { LOCAL_TRANSPORT: 'true', MAX_CONCURRENT_EXECUTIONS: '2' } })
  for (let host = 1; host <= 6; host++) {
    await app.admin(api.targets.create, {
      body: { name: `host-${host}`, methods: [{ type: 'local', config: {} }] },
    })
  }
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const fresh = () => join(folder, `file-${++number}`)
const hosts = [1, 2, 3, 4, 5, 6].map((host) => `host-${host}`)
const read = (ref: string) => app.admin(api.executions.read, { params: { ref } })
const cancel = (ref: string) => app.admin(api.executions.cancel, { params: { ref } })
const branches = async (ref: string) => (await app.admin(api.executions.branches, { params: { ref }, query: {} })).items
const linesIn = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])

const start = async (command: string, strategy: object = {}, targets = hosts) => {
  const job = await app.admin(api.jobs.create, {
    body: { name: `job ${++number}`, targets, strategy, steps: [{ type: 'ssh.exec', command }] },
  })
  return app.admin(api.executions.start, { params: { ref: job.serial }, body: {} })
}
const ended = async ({ uuid }: { uuid: string }) => {
  await until(async () => (await read(uuid)).finishedAt !== null)
  return read(uuid)
}

test('no more branches run at once than the concurrency says', async () => {
  const file = fresh()
  const started = await start(`echo + >> ${file}; sleep 0.1; echo - >> ${file}`, { concurrency: 2 })
  expect((await ended(started)).counts.completed).toBe(6)
  let open = 0
  const opened = linesIn(file).map((sign) => (open += sign === '+' ? 1 : -1))
  expect(Math.max(...opened)).toBeLessThanOrEqual(2)
  expect(opened).toHaveLength(12)
})

test('a batch begins when the one before is through', async () => {
  const file = fresh()
  const started = await start(`echo {{ branch.number }} >> ${file}; sleep 0.05`, { batches: [1, 2, '100%'] })
  await ended(started)
  expect((await branches(started.uuid)).map(({ batch }) => batch)).toEqual([1, 2, 2, 3, 3, 3])
  const order = linesIn(file)
  expect(order[0]).toBe('001')
  expect(new Set(order.slice(1, 3))).toEqual(new Set(['002', '003']))
  expect(new Set(order.slice(3))).toEqual(new Set(['004', '005', '006']))
})

test('after too many failures nothing more is started', async () => {
  const file = fresh()
  const started = await start(`echo {{ branch.number }} >> ${file}; test {{ branch.number }} = 001`, {
    concurrency: 1,
    maxFailures: 1,
  })
  const execution = await ended(started)
  expect(execution).toMatchObject({ status: 'failed', counts: { completed: 1, failed: 2, skipped: 3 } })
  expect(linesIn(file)).toEqual(['001', '002', '003'])
  expect((await branches(started.uuid))[5]).toMatchObject({
    status: 'skipped',
    message: 'Not started: more than 1 branches have failed.',
  })
})

test('no failure at all can be allowed', async () => {
  const started = await start('false', { concurrency: 1, maxFailures: 0 })
  expect((await ended(started)).counts).toMatchObject({ failed: 1, skipped: 5 })
})

test('beyond the executions that may run at once the next one waits, and begins when one ends', async () => {
  const one = ['host-1']
  const [first, second] = [await start('sleep 60', {}, one), await start('sleep 60', {}, one)]
  const third = await start('echo third', {}, one)
  const fourth = await start('echo fourth', {}, one)
  expect([first, second, third, fourth].map(({ status }) => status)).toEqual(['running', 'running', 'queued', 'queued'])
  expect((await branches(third.uuid))[0]?.status).toBe('scheduled')
  await cancel(fourth.uuid)
  expect(await ended(fourth)).toMatchObject({ status: 'cancelled', startedAt: null })
  expect((await read(third.uuid)).status).toBe('queued')
  await cancel(first.uuid)
  expect((await ended(third)).status).toBe('completed')
  await cancel(second.uuid)
  await ended(second)
})

test('starts at the same moment do not pass the limit', async () => {
  const jobs = await Promise.all(Array.from({ length: 8 }, () => start('sleep 0.2', {}, ['host-1'])))
  expect(jobs.filter(({ status }) => status === 'running').length).toBeLessThanOrEqual(2)
  for (const job of jobs) expect((await ended(job)).status).toBe('completed')
})

test('numbers are drawn without gaps, also when a job is started many times at once', async () => {
  const job = await app.admin(api.jobs.create, {
    body: { name: 'numbered', targets: ['host-1'], steps: [{ type: 'ssh.exec', command: 'true' }] },
  })
  const started = await Promise.all(
    Array.from({ length: 10 }, () => app.admin(api.executions.start, { params: { ref: job.uuid }, body: {} })),
  )
  expect(started.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  for (const execution of started) await ended(execution)
})
