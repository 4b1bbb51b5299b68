/** What becomes of jobs and of PostgreSQL when processes are killed, and how the program ends when it is asked to. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { api, type JobDocumentInput } from '@opsconductor/contract'
import { until } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logIn, rawOutput, untilEnded, type Client } from './kit/client.ts'
import { services, startHouse, type House } from './kit/house.ts'
import { processesOf } from './kit/leftovers.ts'
import { startMachines, type Machines } from './kit/machines.ts'
import { hasSshd } from './kit/programs.ts'
import { startServer, type Server } from './kit/server.ts'

const password = 'correct horse battery'
// a lease of 2 s, so that one need not wait long for the dead
const settings = { ADMIN_PASSWORD: password, LEASE_SEC: '2' }
const isLinux = process.platform === 'linux'
if (!isLinux) process.stderr.write('LEFT OUT: death.test.ts needs Linux, where PostgreSQL ends with its starter\n')

let machines: Machines
beforeAll(async () => {
  if (hasSshd && isLinux) machines = await startMachines(1)
})
afterAll(() => machines?.[Symbol.asyncDispose]())

/** A target and a job on it, whose step leaves a line in a file each time that it begins, and waits for another file. */
const prepare = async (client: Client, name: string) => {
  const { call } = client
  const [machine] = machines.all
  const begun = join(machines.folder, `begun ${name}`)
  const mayEnd = join(machines.folder, `may end ${name}`)
  const { username, privateKey } = machines
  const secret = { username, privateKey }
  await call(api.credentials.create, { body: { name, type: 'ssh_key', secret } })
  const config = { host: machine?.host ?? '', port: machine?.port ?? 0 }
  await call(api.targets.create, { body: { name, methods: [{ type: 'ssh', config, credential: name }] } })
  const command = `echo begun | tee -a '${begun}'; until [ -e '${mayEnd}' ]; do sleep 0.05; done; echo ended`
  const body: JobDocumentInput = {
    name,
    targets: [name],
    steps: [
      { type: 'ssh.exec', command },
      { type: 'ssh.exec', command: 'echo second' },
    ],
  }
  const { uuid } = await call(api.jobs.create, { body })
  const timesBegun = () =>
    readFile(begun, 'utf8').then(
      (text) => text.split('\n').length - 1,
      () => 0,
    )
  const start = async () => {
    const execution = await call(api.executions.start, { params: { ref: uuid }, body: {} })
    await until(async () => (await timesBegun()) === 1)
    // what the target has said is stored some moments later
    await until(async () => (await rawOutput(client, execution.uuid)).length > 0)
    return execution
  }
  return { start, timesBegun, mayEnd: () => writeFile(mayEnd, '') }
}

const branchesOf = async ({ call }: Client, ref: string) =>
  (await call(api.executions.branches, { params: { ref }, query: {} })).items
const stepsOf = async ({ call }: Client, ref: string) =>
  (await call(api.executions.steps, { params: { ref, number: 1 } })).items

/** Proof that all is well: a job runs to its end. */
const expectJobRuns = async (client: Client, name: string) => {
  const body: JobDocumentInput = {
    name: `after ${Math.random()}`,
    targets: [name],
    steps: [{ type: 'ssh.exec', command: 'echo fine' }],
  }
  const { uuid } = await client.call(api.jobs.create, { body })
  const execution = await client.call(api.executions.start, { params: { ref: uuid }, body: {} })
  expect(await untilEnded(client, execution)).toMatchObject({ status: 'completed' })
  expect((await rawOutput(client, execution.uuid)).toString()).toBe('fine\n')
}

describe.runIf(hasSshd && isLinux)('one process with all services', () => {
  let house: House
  let server: Server
  beforeAll(async () => {
    house = await startHouse('together', settings)
  })
  afterAll(async () => {
    await server?.end()
    await house?.stop()
    await house?.clear()
  })

  test('killed with -9 in the middle of a job, it leaves no PostgreSQL behind, and the next start recovers by itself', async () => {
    const client = await logIn(house.url, 'admin', password)
    const job = await prepare(client, 'in one process')
    const execution = await job.start()
    await house.servers[0]?.end('SIGKILL')
    await until(() => processesOf(house.dataDir).length === 0, 30_000)

    server = await startServer({ dataDir: house.dataDir, settings })
    const again = await logIn(server.url, 'admin', password)
    // the step went on without us, and is followed from where its output was left
    await until(async () => (await branchesOf(again, execution.uuid))[0]?.attempt === 2, 20_000)
    await job.mayEnd()
    expect(await untilEnded(again, execution)).toMatchObject({ status: 'completed', needsAttention: false })
    expect((await stepsOf(again, execution.uuid)).map(({ status }) => status)).toEqual(['completed', 'completed'])
    expect(await job.timesBegun()).toBe(1)
    expect((await rawOutput(again, execution.uuid)).toString()).toBe('begun\nended\nsecond\n')
    await expectJobRuns(again, 'in one process')
  })

  test('asked to stop twice within a second, as npm hands Ctrl-C on, it stops cleanly with exit code 0', async () => {
    server.signal('SIGINT')
    await until(() => server.output().includes('Stopping'))
    server.signal('SIGINT')
    expect(await server.end()).toEqual({ code: 0, signal: null })
    expect(processesOf(house.dataDir)).toEqual([])
    expect(server.logged('error')).toEqual([])
  })

  test('after a clean stop the next start asks for nothing and makes no new password', async () => {
    server = await startServer({ dataDir: house.dataDir, settings })
    expect(server.password).toBeUndefined()
    await expectJobRuns(await logIn(server.url, 'admin', password), 'in one process')
  })
})

describe.runIf(hasSshd && isLinux)('four processes', () => {
  let house: House
  const more: Server[] = []
  beforeAll(async () => {
    house = await startHouse('apart', settings)
  })
  afterAll(async () => {
    await Promise.all(more.map((server) => server.end()))
    await house?.stop()
    await house?.clear()
  })

  test('when the executor is killed with -9, the next one goes on with its step, to the end', async () => {
    const client = await logIn(house.url, 'admin', password)
    const job = await prepare(client, 'in four processes')
    const execution = await job.start()
    await house.servers[1]?.end('SIGKILL')
    more.push(await startServer({ dataDir: house.dataDir, settings: { ...settings, SERVICES: 'executor' } }))
    await until(async () => (await branchesOf(client, execution.uuid))[0]?.attempt === 2, 20_000)
    await job.mayEnd()
    expect(await untilEnded(client, execution)).toMatchObject({ status: 'completed' })
    expect((await branchesOf(client, execution.uuid))[0]).toMatchObject({ status: 'completed', attempt: 2 })
    expect(await job.timesBegun()).toBe(1)
    expect((await rawOutput(client, execution.uuid)).toString()).toBe('begun\nended\nsecond\n')
  })

  test('when the process that runs PostgreSQL is killed with -9, another takes over and jobs go on', async () => {
    const living = [house.servers[0], house.servers[2], house.servers[3], ...more].filter((one) => one !== undefined)
    const runsPostgres = (one: Server) => /"adopted":false|this process runs PostgreSQL now/.test(one.output())
    const holder = living.find(runsPostgres)
    if (holder === undefined) throw new Error('nobody runs PostgreSQL')
    await holder.end('SIGKILL')
    const others = living.filter((one) => one !== holder)
    await expect.poll(() => others.filter(runsPostgres).length, { timeout: 15_000 }).toBe(1)
    const service = services[house.servers.indexOf(holder)] ?? 'executor'
    const replacement = await startServer({ dataDir: house.dataDir, settings: { ...settings, SERVICES: service } })
    more.push(replacement)
    const client = await logIn(replacement.url === '' ? house.url : replacement.url, 'admin', password)
    await expectJobRuns(client, 'in four processes')
  })
})
