import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startExecutorProcess } from '../../../../test/executor-process.ts'
import { addTarget, type Fleet, startFleet } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'

describe.skipIf(!sshdAvailable('executors that die'))('executors that die', () => {
  let fleet: Fleet
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-lost-'))
  let fileNumber = 0
  const fresh = () => join(folder, `file-${++fileNumber}`)
  const linesIn = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])

  beforeAll(async () => {
    fleet = await startFleet({ services: ['gateway', 'scheduler'], settings: { LEASE_SEC: '2' } })
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const startExecutor = (settings?: Record<string, string>) => startExecutorProcess(fleet.app, settings)
  const branchOf = async (ref: string) => (await fleet.branches(ref))[0]

  test('a step that ran when its executor died is unknown, and is never run again on its own', async () => {
    const counter = fresh()
    await using first = await startExecutor()
    const started = await fleet.start([`echo x >> ${counter}; echo begun; sleep 30`, 'echo never'])
    await until(async () => (await fleet.text(started.uuid)) === 'begun\n')
    first.kill('SIGKILL')
    await using _second = await startExecutor()
    await until(async () => (await branchOf(started.uuid))?.status === 'lost')
    expect(await fleet.read(started.uuid)).toMatchObject({
      status: 'running',
      needsAttention: true,
      counts: { lost: 1 },
    })
    expect((await fleet.steps(started.uuid)).map(({ status }) => status)).toEqual(['unknown', 'ready'])
    const lines = await fleet.log(started.uuid)
    expect(lines.at(-1)).toMatchObject({ level: 'error', category: 'system' })
    expect(lines.at(-1)?.message).toContain('was lost while step 1 ran')
    expect((await fleet.admin(api.dashboard.read, {})).executions.needingAttention).toBe(1)
    expect(await fleet.text(started.uuid)).toBe('begun\n')

    await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
    expect(await fleet.ended(started)).toMatchObject({
      status: 'cancelled',
      cancelOutcome: 'unconfirmed',
      needsAttention: false,
    })
    expect(linesIn(counter)).toEqual(['x'])
  })

  test('a step that its author called idempotent is run again by another executor', async () => {
    const counter = fresh()
    await using first = await startExecutor()
    const command = `echo x >> ${counter}; [ $(wc -l < ${counter}) -gt 1 ] || sleep 30; echo done`
    const started = await fleet.start([{ type: 'ssh.exec', command, idempotent: true }, 'echo next'])
    await until(() => linesIn(counter).length === 1)
    first.kill('SIGKILL')
    await using _second = await startExecutor()
    expect((await fleet.ended(started)).status).toBe('completed')
    expect((await fleet.steps(started.uuid)).map(({ index, attempt, status }) => [index, attempt, status])).toEqual([
      [0, 1, 'unknown'],
      [0, 2, 'completed'],
      [1, 1, 'completed'],
    ])
    expect(await branchOf(started.uuid)).toMatchObject({ attempt: 2 })
    expect(await fleet.text(started.uuid)).toBe('done\nnext\n')
  })

  test('the result of an executor that was thought dead is refused, and kept as evidence', async () => {
    const flag = fresh()
    await using executor = await startExecutor()
    const started = await fleet.start([`echo begun; until [ -e ${flag} ]; do sleep 0.05; done; echo end`])
    await until(async () => (await fleet.text(started.uuid)) === 'begun\n')
    executor.kill('SIGSTOP')
    await until(async () => (await branchOf(started.uuid))?.status === 'lost')
    const before = await branchOf(started.uuid)
    writeFileSync(flag, '')
    executor.kill('SIGCONT')
    const lateResults = () => fleet.database.kysely.selectFrom('automation.lateResults').selectAll().execute()
    await until(async () => (await lateResults()).length === 1)
    expect((await lateResults())[0]).toMatchObject({ branchAttempt: 1, result: { step: { index: 0, attempt: 1 } } })
    expect((await fleet.steps(started.uuid))[0]).toMatchObject({ status: 'unknown', exitCode: null })
    expect(await branchOf(started.uuid)).toEqual({ ...before, outputLines: expect.any(Number) as number })
    await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
    // it goes on to serve
    expect((await fleet.run(['echo again'])).status).toBe('completed')
  })

  test('an executor that is asked to stop lets the step end', async () => {
    await using executor = await startExecutor()
    const started = await fleet.start(['echo begun; sleep 1; echo end'])
    await until(async () => (await fleet.text(started.uuid)) === 'begun\n')
    executor.kill('SIGTERM')
    expect((await fleet.ended(started)).status).toBe('completed')
    expect(await fleet.text(started.uuid)).toBe('begun\nend\n')
  })

  test('of two executors each branch is run by one, once', async () => {
    const [server] = fleet.servers
    if (server === undefined) throw new Error('no server')
    const names = Array.from({ length: 20 }, (_, index) => `crowd-${index + 1}`)
    for (const name of names) await addTarget(fleet.app, name, server)
    await using _first = await startExecutor({ EXECUTOR_SLOTS: '3' })
    await using _second = await startExecutor({ EXECUTOR_SLOTS: '3' })
    const file = fresh()
    const started = await Promise.all(
      [1, 2].map(() =>
        fleet.start([`echo {{ job.serial }} {{ target.name }} >> ${file}; sleep 0.1`], { targets: names }),
      ),
    )
    for (const execution of started) expect((await fleet.ended(execution)).counts.completed).toBe(20)
    const ran = linesIn(file)
    expect(ran).toHaveLength(40)
    expect(new Set(ran).size).toBe(40)
    const executors = await fleet.database.asOwner(
      `select distinct executor from automation.branches where target_name like 'crowd-%' and attempt = 1`,
    )
    expect(executors).toHaveLength(2)
  })
})
