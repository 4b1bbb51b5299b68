import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { listProcesses, sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startExecutorProcess } from '../../../../test/service-process.ts'
import { addTarget, type Fleet, type StepInput, startFleet } from '../../../../test/fleet.ts'
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
  const stepOf = async (ref: string) => (await fleet.steps(ref))[0]
  const begun = (ref: string) => until(async () => (await fleet.text(ref)).startsWith('begun\n'))
  const step = (command: string, more: Partial<StepInput> = {}) => ({ type: 'ssh.exec', command, ...more }) as StepInput

  /** Says `begun`, and when it is told to end, perhaps `end`. */
  const waiting = (last = 'echo end; exit 7') => {
    const [counter, pid, flag] = [fresh(), fresh(), fresh()]
    const wait = `until [ -e ${flag} ]; do sleep 0.05; done`
    return {
      command: `echo x >> ${counter}; echo $$ > ${pid}; echo begun; ${wait}; ${last}`,
      starts: () => linesIn(counter).length,
      end: () => writeFileSync(flag, ''),
      kill: () => process.kill(-Number(linesIn(pid)[0]), 'SIGKILL'),
      isRunning: () => listProcesses().some((process) => process.pid === Number(linesIn(pid)[0])),
    }
  }

  test('a detached step goes on without its executor; the next one takes its output and its exit code', async () => {
    const job = waiting()
    await using first = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'detached' }), 'echo never'])
    await begun(started.uuid)
    first.kill('SIGKILL')
    await using _second = await startExecutor()
    await until(async () => (await branchOf(started.uuid))?.attempt === 2)
    job.end()
    expect(await fleet.ended(started)).toMatchObject({ status: 'failed', needsAttention: false })
    expect((await fleet.steps(started.uuid)).map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ['failed', 7],
      ['skipped', null],
    ])
    expect(await fleet.text(started.uuid)).toBe('begun\nend\n')
    expect(job.starts()).toBe(1)
    expect((await fleet.log(started.uuid)).some(({ message }) => message.includes('asks the target'))).toBe(true)
  })

  test('of an attached step the target knows how it ended, though nobody has its last output', async () => {
    const job = waiting('exit 7') // to say something would end it: nobody listens any more
    await using first = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'attached' })])
    await begun(started.uuid)
    first.kill('SIGKILL')
    await using _second = await startExecutor()
    await until(async () => (await branchOf(started.uuid))?.attempt === 2)
    job.end()
    await fleet.ended(started)
    const ended = await stepOf(started.uuid)
    expect(ended).toMatchObject({ status: 'failed', exitCode: 7 })
    expect(ended?.message).toContain('after its connection was lost')
    expect(job.starts()).toBe(1)
  })

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'tries that are left survive %s of the executor between two',
    async (signal) => {
      const counter = fresh()
      const command = `echo x >> ${counter}; [ "$(wc -l < ${counter})" -ge 2 ]`
      await using first = await startExecutor()
      const started = await fleet.start([step(command, { mode: 'attached', retries: 1, retryDelaySec: 5 })])
      await until(async () => (await stepOf(started.uuid))?.status === 'failed')
      first.kill(signal)
      await using _second = await startExecutor()
      expect(await fleet.ended(started, 30_000)).toMatchObject({ status: 'completed' })
      expect((await fleet.steps(started.uuid)).map(({ status }) => status)).toEqual(['failed', 'completed'])
      expect(linesIn(counter)).toHaveLength(2)
    },
  )

  test('a step that never began is run, also when whoever noted that was lost before the next try', async () => {
    const counter = fresh()
    const started = await fleet.start([step(`echo x >> ${counter}`, { mode: 'attached' })])
    const branch = `(select id from automation.branches where execution_id =
      (select id from automation.executions where uuid = '${started.uuid}'))`
    await fleet.database.asOwner(
      `insert into automation.step_results (branch_id, execution_id, index, attempt, step_id, name, type, status,
         branch_attempt, target_uuid, target_serial, target_name, mode, command, finished_at)
       select id, execution_id, 0, 1, 'step-1', 'step-1', 'ssh.exec', 'skipped', 1, target_uuid, target_serial,
         target_name, 'attached', '', now() from automation.branches where id = ${branch}`,
    )
    await fleet.database.asOwner(`update automation.branches set attempt = 1 where id = ${branch}`)
    await using _executor = await startExecutor()
    expect(await fleet.ended(started)).toMatchObject({ status: 'completed' })
    expect((await fleet.steps(started.uuid)).map(({ status }) => status)).toEqual(['skipped', 'completed'])
    expect(linesIn(counter)).toHaveLength(1)
  })

  test('a copy is made again by the next executor, unless its author says otherwise', async () => {
    const there = join(folder, 'there')
    mkdirSync(there)
    writeFileSync(join(folder, 'big'), Buffer.alloc(200_000_000, 'x'))
    const settings = { FILES_DIR: folder }
    const isCopying = (name: string) => readdirSync(join(there, name)).some((file) => file.startsWith('.oc-copy-'))
    const copy = async (name: string, more: object) => {
      mkdirSync(join(there, name))
      const started = await fleet.start([{ type: 'ssh.copy', from: 'big', to: join(there, name, 'big'), ...more }])
      await until(() => isCopying(name), 20_000)
      return started
    }
    await using first = await startExecutor(settings)
    const [again, once] = await Promise.all([copy('again', {}), copy('once', { idempotent: false })])
    first.kill('SIGKILL')
    await using _second = await startExecutor(settings)
    await until(async () => (await branchOf(once.uuid))?.status === 'lost')
    expect(await fleet.ended(again, 60_000)).toMatchObject({ status: 'completed' })
    expect((await fleet.steps(again.uuid)).map(({ status }) => status)).toEqual(['unknown', 'completed'])
    expect(statSync(join(there, 'again', 'big')).size).toBe(200_000_000)
    expect(existsSync(join(there, 'once', 'big'))).toBe(false)
    await until(() => !isCopying('once'))
    await fleet.admin(api.branches.resolve, {
      params: { ref: once.uuid, number: 1 },
      body: { as: 'failed' },
    })
  }, 120_000)

  test('a step that is gone and whose end nobody knows is lost, and is never run again on its own', async () => {
    const job = waiting()
    await using first = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'attached' }), 'echo never'])
    await begun(started.uuid)
    first.kill('SIGKILL')
    job.kill()
    await using _second = await startExecutor()
    await until(async () => (await branchOf(started.uuid))?.status === 'lost')
    expect(await fleet.read(started.uuid)).toMatchObject({
      status: 'running',
      needsAttention: true,
      counts: { lost: 1 },
    })
    expect((await fleet.steps(started.uuid)).map(({ status }) => status)).toEqual(['unknown', 'ready'])
    expect((await fleet.admin(api.dashboard.read, {})).executions.needingAttention).toBe(1)
    expect(await fleet.text(started.uuid)).toBe('begun\n')

    await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
    expect(await fleet.ended(started)).toMatchObject({
      status: 'cancelled',
      cancelOutcome: 'unconfirmed',
      needsAttention: false,
    })
    expect(job.starts()).toBe(1)
  })

  test.each([
    ['cancel', "cancel_requested_by = 'admin'", { status: 'cancelled', fault: null }],
    ['time limit', 'timed_out_at = now()', { status: 'failed', fault: 'timeout' }],
  ] as const)('a step of which nobody knows after a %s is given up, and not lost', async (_, set, ended) => {
    const job = waiting()
    await using first = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'attached' }), 'echo never'])
    await begun(started.uuid)
    first.kill('SIGKILL')
    job.kill()
    await fleet.database.asOwner(
      `update automation.executions set cancel_requested_at = now(), ${set} where uuid = '${started.uuid}'`,
    )
    await using _second = await startExecutor()
    expect(await fleet.ended(started)).toMatchObject({
      status: ended.status,
      cancelOutcome: 'unconfirmed',
      needsAttention: false,
    })
    expect(await branchOf(started.uuid)).toMatchObject({ ...ended, cancelOutcome: 'unconfirmed' })
    expect(job.starts()).toBe(1)
  })

  test.each([
    ['asked about once more', 0],
    ['given up after too many of them', 9],
  ])('a lost step whose next executor dies after a cancel is %s, and not called stopped', async (_, losses) => {
    const job = waiting()
    await using first = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'attached' })])
    await begun(started.uuid)
    first.kill('SIGKILL')
    job.kill()
    {
      await using _second = await startExecutor()
      await until(async () => (await branchOf(started.uuid))?.status === 'lost')
    }
    // taken once more, by one of which nothing was heard since
    await fleet.database.asOwner(`
      with cancelled as (
        update automation.executions set cancel_requested_at = now(), cancel_requested_by = 'admin', needs_attention = false
        where uuid = '${started.uuid}' returning id
      )
      update automation.branches set status = 'running', ask_again_at = null, executor = 'gone:1', attempt = attempt + 1,
        losses = ${losses}, lease_until = now() - interval '1 second'
      where execution_id = (select id from cancelled)`)
    if (losses === 0) await until(async () => (await branchOf(started.uuid))?.status === 'queued')
    await using _third = losses === 0 ? await startExecutor() : undefined
    expect(await fleet.ended(started)).toMatchObject({ status: 'cancelled', cancelOutcome: 'unconfirmed' })
    expect((await stepOf(started.uuid))?.status).toBe('unknown')
    expect(job.starts()).toBe(1)
  })

  test('a lost step that its author called idempotent is run again by another executor', async () => {
    const job = waiting()
    await using first = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'attached', idempotent: true }), 'echo next'])
    await begun(started.uuid)
    first.kill('SIGKILL')
    job.kill()
    await using _second = await startExecutor()
    await until(() => job.starts() === 2)
    job.end()
    await fleet.ended(started)
    expect((await fleet.steps(started.uuid)).map(({ index, attempt, status }) => [index, attempt, status])).toEqual([
      [0, 1, 'unknown'],
      [0, 2, 'failed'],
      [1, 1, 'skipped'],
    ])
  })

  test('a cancel reaches a step whose executor is dead', async () => {
    const job = waiting()
    await using first = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'detached' })])
    await begun(started.uuid)
    first.kill('SIGKILL')
    await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
    // without another executor it stays to be stopped, and says what is missing
    await until(async () => (await fleet.read(started.uuid)).waitingFor?.kind === 'executor')
    const open = await fleet.read(started.uuid)
    expect(open).toMatchObject({ status: 'running', cancelRequestedBy: 'admin' })
    expect(open.cancelRequestedAt).not.toBeNull()
    expect(open.waitingFor?.message).toContain('only an executor can stop the step that had begun')
    expect(job.isRunning()).toBe(true)
    await using _second = await startExecutor()
    expect(await fleet.ended(started)).toMatchObject({ status: 'cancelled', cancelOutcome: 'stopped' })
    expect(job.isRunning()).toBe(false)
  })

  test('a step that no executor is there to stop can be given up, as one of which that is not known', async () => {
    const job = waiting()
    await using first = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'detached' }), 'echo never'])
    await begun(started.uuid)
    first.kill('SIGKILL')
    await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
    await until(async () => (await branchOf(started.uuid))?.status === 'queued')
    const say = (as: 'failed' | 'again') =>
      fleet.admin(api.branches.resolve, { params: { ref: started.uuid, number: 1 }, body: { as } })
    await expect(say('again')).rejects.toThrow('not lost')
    expect(await say('failed')).toMatchObject({ status: 'cancelled', cancelOutcome: 'unconfirmed' })
    expect(await fleet.ended(started)).toMatchObject({ status: 'cancelled', cancelOutcome: 'unconfirmed' })
    expect((await fleet.steps(started.uuid)).map(({ status }) => status)).toEqual(['unknown', 'cancelled'])
    // who comes later finds nothing to do
    await using _second = await startExecutor()
    expect(await fleet.run(['echo fine'])).toMatchObject({ status: 'completed' })
    expect(await branchOf(started.uuid)).toMatchObject({ status: 'cancelled', attempt: 1 })
    job.end()
  })

  test('the result of an executor that was thought dead is refused, and kept as evidence', async () => {
    const job = waiting()
    await using stopped = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'attached' })])
    await begun(started.uuid)
    stopped.kill('SIGSTOP')
    await using _second = await startExecutor()
    await until(async () => (await branchOf(started.uuid))?.attempt === 2)
    job.end()
    await fleet.ended(started)
    const [before, rows] = [await branchOf(started.uuid), await fleet.steps(started.uuid)]
    stopped.kill('SIGCONT')
    const lateResults = () => fleet.database.kysely.selectFrom('automation.lateResults').selectAll().execute()
    await until(async () => (await lateResults()).length === 1)
    expect((await lateResults())[0]).toMatchObject({
      branchAttempt: 1,
      result: { step: { index: 0, attempt: 1 }, outcome: { exitCode: 7 } },
    })
    expect([await branchOf(started.uuid), await fleet.steps(started.uuid)]).toEqual([before, rows])
    expect(job.starts()).toBe(1)
  })

  test('an executor that is asked to stop lets an attached step end', async () => {
    await using executor = await startExecutor()
    const started = await fleet.start([step('echo begun; sleep 1; echo end', { mode: 'attached' })])
    await begun(started.uuid)
    executor.kill('SIGTERM')
    expect((await fleet.ended(started)).status).toBe('completed')
    expect(await fleet.text(started.uuid)).toBe('begun\nend\n')
  })

  test('an executor that is asked to stop leaves a detached step to another one at once', async () => {
    const job = waiting()
    await using first = await startExecutor()
    const started = await fleet.start([step(job.command, { mode: 'detached' })])
    await begun(started.uuid)
    await using _second = await startExecutor()
    first.kill('SIGTERM')
    await until(async () => (await branchOf(started.uuid))?.attempt === 2)
    await first.ended()
    job.end()
    expect((await fleet.ended(started)).status).toBe('failed')
    expect(await fleet.text(started.uuid)).toBe('begun\nend\n')
    expect((await stepOf(started.uuid))?.exitCode).toBe(7)
    expect(job.starts()).toBe(1)
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

  test('an executor that is asked to stop gives back a branch whose connection does not come', async () => {
    let calls = 0
    const mute = createServer(() => calls++).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const { port } = mute.address() as { port: number }
    await fleet.admin(api.targets.create, {
      body: {
        name: 'mute',
        methods: [
          { type: 'ssh', config: { host: '127.0.0.1', port, connectTimeoutSec: 60 }, credential: 'key of host-1' },
        ],
      },
    })
    await using executor = await startExecutor()
    const started = await fleet.start([step('echo never', { mode: 'attached' })], { targets: ['mute'] })
    await until(() => calls > 0)
    executor.kill('SIGTERM')
    await executor.ended()
    expect(await branchOf(started.uuid)).toMatchObject({ status: 'queued', fault: null, message: null })
    expect(await stepOf(started.uuid)).toMatchObject({ status: 'ready', startedAt: null })
    await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
    expect(await fleet.ended(started)).toMatchObject({ status: 'cancelled', cancelOutcome: 'stopped' })
    mute.close()
  })
})
