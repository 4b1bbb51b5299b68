import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api, type Execution, isFinalExecution } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startExecutorProcess } from '../../../../test/executor-process.ts'
import { addTarget, type Fleet, startFleet, type StepInput } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'

/** How many; `npm run chaos` sets it, and `OPSCONDUCTOR_CHAOS_FAULTS=1000 npm run chaos` makes more of them. */
const faults = Number(process.env['OPSCONDUCTOR_CHAOS_FAULTS'] ?? 0)
if (faults === 0) process.stderr.write('LEFT OUT: chaos.test.ts takes minutes: npm run chaos\n')
const targets = 8
const executors = 3
const atOnce = 4

type Executor = Awaited<ReturnType<typeof startExecutorProcess>>

const between = (low: number, high: number) => low + Math.random() * (high - low)
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

describe.skipIf(faults === 0 || !sshdAvailable('chaos'))('whatever dies, and whenever', () => {
  let fleet: Fleet
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-chaos-'))
  const counter = join(folder, 'counter')
  beforeAll(async () => {
    fleet = await startFleet({
      services: ['gateway', 'scheduler'],
      settings: { LEASE_SEC: '2', UNREACHABLE_SEC: '20' },
    })
    const [server] = fleet.servers
    if (server === undefined) throw new Error('no server')
    for (let n = 1; n <= targets; n++) await addTarget(fleet.app, `chaos-${n}`, server)
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const names = Array.from({ length: targets }, (_, index) => `chaos-${index + 1}`)
  const step = (index: number, mode: 'attached' | 'detached'): StepInput => ({
    type: 'ssh.exec',
    mode,
    // the mark of each start; what follows takes long enough to be hit
    command: `echo {{ job.serial }} {{ target.name }} ${index} >> ${counter}; for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done`,
  })

  const startOne = () =>
    fleet.start([step(0, 'detached'), step(1, 'attached'), step(2, 'detached')], { targets: names })

  const killOne = async (running: Executor[]) => {
    const index = Math.floor(Math.random() * running.length)
    running[index]?.kill('SIGKILL')
    await running[index]?.[Symbol.asyncDispose]()
    running[index] = await startExecutorProcess(fleet.app, { UNREACHABLE_SEC: '20' })
  }
  const pauseOne = async (running: Executor[]) => {
    const one = running[Math.floor(Math.random() * running.length)]
    one?.kill('SIGSTOP')
    await pause(between(100, 4_000)) // shorter and longer than the lease: that is the point
    one?.kill('SIGCONT')
  }
  const cutConnections = async () => fleet.servers[0]?.dropConnections()
  const cutDatabase = () =>
    fleet.database.asOwner(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and random() < 0.5`,
    )

  test(`${faults} faults: nothing is started twice, nothing is forgotten, no output is lost`, async () => {
    const running: Executor[] = []
    for (let n = 0; n < executors; n++) running.push(await startExecutorProcess(fleet.app, { UNREACHABLE_SEC: '20' }))
    const all = new Map<string, Execution>()
    const read = async ({ uuid }: { uuid: string }) => {
      // the database is cut under the gateway, too: a request may fail, and is asked again
      for (;;) {
        const answer = await fleet.read(uuid).catch(() => null)
        if (answer !== null) return answer
        await pause(100)
      }
    }
    const settle = async (execution: Execution): Promise<boolean> => {
      const now = await read(execution)
      all.set(execution.uuid, now)
      return isFinalExecution(now.status) || now.counts.running + now.counts.queued + now.counts.scheduled === 0
    }

    const injected = { count: 0 }
    const isToGoOn = () => injected.count < faults
    const injecting = async () => {
      while (isToGoOn()) {
        const roll = Math.random()
        if (roll < 0.3) await killOne(running)
        else if (roll < 0.5) await pauseOne(running)
        else if (roll < 0.8) await cutConnections()
        else await cutDatabase()
        injected.count++
        await pause(between(50, 400))
      }
    }
    const working = async () => {
      while (isToGoOn()) {
        const execution = await startOne().catch(() => null)
        if (execution === null) continue
        all.set(execution.uuid, execution)
        while (isToGoOn() && !(await settle(execution))) await pause(200)
      }
    }
    await Promise.all([injecting(), ...Array.from({ length: atOnce }, working)])
    const patient = async (execution: Execution) => {
      try {
        await until(() => settle(execution), 120_000)
      } catch {
        const open = (await fleet.branches(execution.uuid)).filter(({ status }) => status !== 'completed')
        const lines = (await fleet.log(execution.uuid))
          .slice(-40)
          .map(({ at, branch, message }) => `${at} ${branch} ${message}`)
        throw new Error(`${execution.ref} does not end: ${JSON.stringify(open)}\n${lines.join('\n')}`)
      }
    }
    for (const execution of all.values()) await patient(execution)
    for (const executor of running) await executor[Symbol.asyncDispose]()

    const starts = existsSync(counter) ? readFileSync(counter, 'utf8').trim().split('\n') : []
    expect(starts.length).toBeGreaterThan(targets)
    expect(
      starts.filter((line, index) => starts.indexOf(line) !== index),
      'started twice',
    ).toEqual([])

    const marks = new Set(starts)
    const forgotten: string[] = []
    const incomplete: string[] = []
    let lost = 0
    for (const { uuid, job } of all.values()) {
      const branches = await fleet.branches(uuid)
      const steps = (await Promise.all(branches.map(({ number }) => fleet.steps(uuid, number)))).flat()
      lost += branches.filter(({ status }) => status === 'lost').length
      for (const { branch, index, status } of steps) {
        const target = branches.find(({ number }) => number === branch)?.target.name ?? ''
        if (status === 'completed' && !marks.has(`${job.serial} ${target} ${index}`))
          forgotten.push(`${uuid} ${branch} ${index}`)
      }
      for (const { number, status } of branches) {
        // what a detached step wrote is all here, each line once
        if (status !== 'completed') continue
        const { items } = await fleet.admin(api.executions.output, { params: { ref: uuid, number }, query: {} })
        for (const index of [0, 2]) {
          const text = items
            .filter((piece) => piece.step === index)
            .map((piece) => (piece.continues ? piece.text : `${piece.text}\n`))
            .join('')
          if (text !== [1, 2, 3, 4, 5].map((n) => `line ${n}\n`).join(''))
            incomplete.push(`${uuid} ${number} ${index}: ${text}`)
        }
      }
    }
    expect(forgotten, 'completed, and never started').toEqual([])
    expect(incomplete, 'output of detached steps').toEqual([])
    const branches = all.size * targets
    expect(lost, `${lost} of ${branches} branches are lost`).toBeLessThan(branches / 2)
    process.stdout.write(
      `${injected.count} faults, ${all.size} executions, ${starts.length} starts, ${lost} of ${branches} branches lost\n`,
    )
  }, 900_000)
})
