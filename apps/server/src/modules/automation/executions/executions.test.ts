import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, refusalCode } from '../../../../test/client.ts'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'

describe.skipIf(!sshdAvailable('executions over SSH'))('executions', () => {
  let fleet: Fleet
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-executions-'))
  let fileNumber = 0
  /** A path that nothing is at yet. */
  const fresh = () => join(folder, `file-${++fileNumber}`)
  const one = { targets: ['host-1'] }

  beforeAll(async () => {
    fleet = await startFleet({ hosts: 3 })
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const isRunning = (pid: number) => {
    try {
      process.kill(pid, 0)
      return true
    } catch {
      return false
    }
  }
  const pidIn = async (file: string) => {
    await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
    return Number(readFileSync(file, 'utf8'))
  }

  test('a job of two steps runs on three targets at once', async () => {
    const execution = await fleet.run([
      { type: 'ssh.exec', id: 'first', command: 'echo "on {{ target.name }}"; echo aside >&2' },
      { type: 'ssh.script', id: 'second', name: 'Second one', script: 'set -e\ncd /\npwd\n' },
    ])
    expect(execution).toMatchObject({
      status: 'completed',
      number: 1,
      trigger: 'manual',
      requestedBy: 'admin',
      counts: { total: 3, completed: 3, failed: 0 },
      message: '3 of 3 branches completed.',
    })
    expect(execution.ref).toMatch(/^JOB-\d{4}-\d{6}\.1$/)
    const branches = await fleet.branches(execution.ref)
    expect(branches.map(({ number, status, target }) => [number, status, target.name])).toEqual([
      ['001', 'completed', 'host-1'],
      ['002', 'completed', 'host-2'],
      ['003', 'completed', 'host-3'],
    ])
    for (const { number, target } of branches) {
      const steps = await fleet.steps(execution.ref, number)
      expect(steps.map(({ id, name, status, exitCode }) => [id, name, status, exitCode])).toEqual([
        ['first', 'first', 'completed', 0],
        ['second', 'Second one', 'completed', 0],
      ])
      expect(steps[0]).toMatchObject({ method: 'ssh', credential: `key of ${target.name}`, outputBytes: 16 })
      const { items } = await fleet.admin(api.executions.output, {
        params: { ref: execution.uuid, number },
        query: {},
      })
      // a line may come in pieces: what could be the beginning of a secret waits for what follows
      const lines = [...Map.groupBy(items, ({ line }) => line).values()]
      const said = lines.map((pieces) => {
        const [first] = pieces
        return `${first?.step} ${first?.stream} ${pieces.map(({ text }) => text).join('')}`
      })
      expect(new Set(said)).toEqual(new Set(['0 stderr aside', `0 stdout on ${target.name}`, '1 stdout /']))
    }
    const all = await fleet.admin(api.executions.allSteps, { params: { ref: execution.uuid }, query: { limit: 4 } })
    expect(all.items).toHaveLength(4)
    expect(all.nextCursor).not.toBeNull()
  })

  test('a failing command is a result: its exit code is kept, later steps are skipped, the execution failed', async () => {
    const { uuid, status } = await fleet.run(['echo one', 'exit 7', 'echo never'], one)
    expect(status).toBe('failed')
    const steps = await fleet.steps(uuid)
    expect(steps.map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ['completed', 0],
      ['failed', 7],
      ['skipped', null],
    ])
    expect(steps[1]?.message).toBe('The command ended with exit code 7.')
    expect(await fleet.text(uuid)).toBe('one\n')
    expect((await fleet.branches(uuid))[0]).toMatchObject({ status: 'failed', fault: null })
  })

  test('onError continue goes on, and the branch has failed all the same', async () => {
    const steps = [{ type: 'ssh.exec' as const, command: 'exit 3', onError: 'continue' as const }, 'echo after']
    const { uuid, status } = await fleet.run(steps, one)
    expect(status).toBe('failed')
    expect((await fleet.steps(uuid)).map(({ status }) => status)).toEqual(['failed', 'completed'])
    expect(await fleet.text(uuid)).toBe('after\n')
  })

  test('a step with retries runs again until it succeeds, and every try is kept', async () => {
    const counter = fresh()
    const command = `echo x >> ${counter}; echo try $(wc -l < ${counter}); test $(wc -l < ${counter}) -ge 3`
    const { uuid, status } = await fleet.run([{ type: 'ssh.exec', command, retries: 4 }, 'echo next'], one)
    expect(status).toBe('completed')
    expect((await fleet.steps(uuid)).map(({ index, attempt, status }) => [index, attempt, status])).toEqual([
      [0, 1, 'failed'],
      [0, 2, 'failed'],
      [0, 3, 'completed'],
      [1, 1, 'completed'],
    ])
    expect(await fleet.text(uuid)).toBe('try 1\ntry 2\ntry 3\nnext\n')
  })

  test('retries end', async () => {
    const { uuid, status } = await fleet.run([{ type: 'ssh.exec', command: 'exit 9', retries: 2 }], one)
    expect(status).toBe('failed')
    expect((await fleet.steps(uuid)).map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ['failed', 9],
      ['failed', 9],
      ['failed', 9],
    ])
  })

  test('a time-out stops the remote processes and is a fault of its own', async () => {
    const pids = fresh()
    const command = `sh -c 'echo $$ > ${pids}; exec sleep 300' & wait`
    const { uuid, status } = await fleet.run([{ type: 'ssh.exec', command, timeoutSec: 1 }], one)
    expect(status).toBe('failed')
    const [step] = await fleet.steps(uuid)
    expect(step).toMatchObject({ status: 'failed', fault: 'timeout', exitCode: null })
    expect(step?.message).toBe('It was stopped after its time limit of 1 s.')
    const pid = await pidIn(pids)
    await until(() => !isRunning(pid))
  })

  test('cancelling stops the remote processes, and says that it has seen them stopped', async () => {
    const pids = fresh()
    const started = await fleet.start([`echo begun; echo $$ > ${pids}; sleep 300`, 'echo never'], one)
    const pid = await pidIn(pids)
    const { status } = await fleet.admin(api.executions.cancel, { params: { ref: started.ref } })
    expect(status).toBe('running')
    const execution = await fleet.ended(started)
    expect(execution).toMatchObject({ status: 'cancelled', cancelOutcome: 'stopped' })
    await until(() => !isRunning(pid))
    expect((await fleet.steps(started.uuid)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
    expect((await fleet.branches(started.uuid))[0]).toMatchObject({ status: 'cancelled', cancelOutcome: 'stopped' })
    expect(await fleet.text(started.uuid)).toBe('begun\n')
    // again, it changes nothing
    const again = await fleet.admin(api.executions.cancel, { params: { ref: started.ref } })
    expect(execution).toMatchObject(again)
  })

  test('what is cancelled before it began never begins', async () => {
    const file = fresh()
    const started = await fleet.start([`sleep 300; echo x > ${file}`], { strategy: { concurrency: 1 } })
    await until(async () => (await fleet.read(started.uuid)).counts.running === 1)
    await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
    const execution = await fleet.ended(started)
    expect(execution.counts).toMatchObject({ cancelled: 3 })
    const branches = await fleet.branches(started.uuid)
    expect(branches.slice(1).map(({ status, startedAt }) => [status, startedAt])).toEqual([
      ['cancelled', null],
      ['cancelled', null],
    ])
    expect(existsSync(file)).toBe(false)
  })

  test('unknown targets and parameters are all named', async () => {
    const { serial } = await fleet.addJob(['echo {{ word }}'], { parameters: { word: 'x' } })
    const start = (body: object) => fleet.admin(api.executions.start, { params: { ref: serial }, body })
    const targets = await refusal(start({ targets: ['host-1', 'nowhere', 'TGT-2026-999999'] }))
    expect(targets.fields).toEqual([
      { path: 'targets', message: 'there is no target "nowhere"' },
      { path: 'targets', message: 'there is no target "TGT-2026-999999"' },
    ])
    const parameters = await refusal(start({ parameters: { world: 'x', wrod: 1 } }))
    expect(parameters.fields?.map(({ path }) => path)).toEqual(['parameters.world', 'parameters.wrod'])
    expect(parameters.detail).toContain('this job has word')
    expect(await refusalCode(fleet.admin(api.executions.start, { params: { ref: 'JOB-2026-999999' }, body: {} }))).toBe(
      'not_found',
    )
  })

  test('targets are chosen by UUID, serial or name, each once', async () => {
    const [first, second] = fleet.targets
    const { uuid } = await fleet.run(['echo x'], {
      targets: [first?.uuid ?? '', second?.serial.toLowerCase() ?? '', 'HOST-3', 'host-1'],
    })
    expect((await fleet.branches(uuid)).map(({ target }) => target.name)).toEqual(['host-1', 'host-2', 'host-3'])
  })

  test('a step can name a target of its own, in every branch', async () => {
    const { uuid } = await fleet.run([
      'echo own',
      { type: 'ssh.exec', command: 'echo {{ target.name }}', target: 'host-3' },
    ])
    for (const { number } of await fleet.branches(uuid)) {
      const steps = await fleet.steps(uuid, number)
      expect(steps[1]?.target?.name).toBe('host-3')
      expect(await fleet.text(uuid, number)).toBe('own\nhost-3\n')
    }
  })

  test('a job without targets runs once, on the target of its first step', async () => {
    const { uuid, counts } = await fleet.run([{ type: 'ssh.exec', command: 'echo x', target: 'host-2' }], {
      targets: [],
    })
    expect(counts.total).toBe(1)
    expect((await fleet.branches(uuid))[0]?.target.name).toBe('host-2')
  })

  test('another interpreter reads the script', async () => {
    const { uuid } = await fleet.run(
      [{ type: 'ssh.script', interpreter: 'bash', script: 'a=(x y z)\necho "${#a[@]}"\n' }],
      one,
    )
    expect(await fleet.text(uuid)).toBe('3\n')
  })

  test('rerunning repeats the same version on all targets, or only where it failed', async () => {
    const switched = fresh()
    const command = `echo "{{ word }} on {{ target.name }}"; test "{{ target.name }}" != host-2 -o -e ${switched}`
    const job = await fleet.addJob([command], { parameters: { word: 'default' } })
    const first = await fleet.ended(
      await fleet.admin(api.executions.start, { params: { ref: job.uuid }, body: { parameters: { word: 'given' } } }),
    )
    expect(first.counts).toMatchObject({ completed: 2, failed: 1 })
    const { formatVersion: _, version: __, ...document } = job.document
    const body = { ...document, steps: [{ type: 'ssh.exec' as const, command: 'echo another version' }] }
    await fleet.admin(api.jobs.replace, { params: { ref: job.uuid }, body: { ...body, parameters: {} } })

    const rerun = async (only?: 'failed') =>
      fleet.ended(
        await fleet.admin(api.executions.rerun, {
          params: { ref: first.ref },
          body: only === undefined ? {} : { only },
        }),
      )
    const failed = await rerun('failed')
    expect(failed).toMatchObject({ trigger: 'rerun', rerunOf: first.uuid, number: 2, job: { version: 1 } })
    expect((await fleet.branches(failed.uuid)).map(({ target }) => target.name)).toEqual(['host-2'])
    expect(await fleet.text(failed.uuid)).toBe('given on host-2\n')
    expect((await rerun()).counts.total).toBe(3)
  })

  test('there is nothing to rerun while it runs, or where all completed', async () => {
    const running = await fleet.start(['sleep 300'], one)
    const rerun = (ref: string) => fleet.admin(api.executions.rerun, { params: { ref }, body: { only: 'failed' } })
    expect(await refusalCode(rerun(running.uuid))).toBe('conflict')
    await fleet.admin(api.executions.cancel, { params: { ref: running.uuid } })
    expect(await refusalCode(rerun((await fleet.run(['true'], one)).uuid))).toBe('conflict')
    await fleet.ended(running)
  })

  test('a disabled and an archived job do not run', async () => {
    const { serial } = await fleet.addJob(['true'], one)
    const start = () => fleet.admin(api.executions.start, { params: { ref: serial }, body: {} })
    await fleet.admin(api.jobs.update, { params: { ref: serial }, body: { isEnabled: false } })
    expect(await refusalCode(start())).toBe('conflict')
    await fleet.admin(api.jobs.update, { params: { ref: serial }, body: { isEnabled: true } })
    await fleet.admin(api.jobs.archive, { params: { ref: serial } })
    expect(await refusalCode(start())).toBe('conflict')
  })

  test('the log tells the life of an execution in the words of the taxonomy', async () => {
    const { uuid } = await fleet.run(['exit 1'], one)
    const lines = await fleet.log(uuid)
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1))
    expect(lines.map(({ phase, level, category, branch }) => [phase, level, category, branch])).toEqual([
      ['creation', 'info', 'user', null],
      ['target_selection', 'info', 'system', null],
      ['communication', 'info', 'communication', '001'],
      ['action_execution', 'info', 'command_execution', '001'],
      ['result_collection', 'warning', 'command_execution', '001'],
      ['completion', 'error', 'system', '001'],
      ['completion', 'warning', 'system', null],
    ])
    const errors = await fleet.admin(api.executions.log, { params: { ref: uuid }, query: { level: 'error' } })
    expect(errors.items.map(({ message }) => message)).toEqual([
      'host-1 is failed: step-1: The command ended with exit code 1.',
    ])
  })

  test('executions are listed newest first, by job, target and state', async () => {
    const { serial } = await fleet.addJob(['true'], one)
    const refs = []
    for (let run = 0; run < 3; run++) {
      const started = await fleet.admin(api.executions.start, { params: { ref: serial }, body: {} })
      refs.unshift((await fleet.ended(started)).ref)
    }
    const list = async (query: object) =>
      (await fleet.admin(api.executions.list, { query: { job: serial, ...query } })).items.map(({ ref }) => ref)
    expect(await list({})).toEqual(refs)
    expect(await list({ status: 'failed' })).toEqual([])
    expect(await list({ target: fleet.targets[0]?.serial })).toEqual(refs)
    expect(await list({ target: fleet.targets[1]?.serial })).toEqual([])
    expect(await list({ needsAttention: 'true' })).toEqual([])
    expect(await list({ needsAttention: 'false' })).toEqual(refs)
    const { queuedAt: middle } = await fleet.read(refs[1] ?? '')
    expect(await list({ queuedAfter: middle })).toEqual(refs.slice(0, 2))
    expect(await list({ queuedBefore: middle })).toEqual(refs.slice(2))
    expect(await list({ queuedAfter: middle, queuedBefore: middle })).toEqual([])
    const page = await fleet.admin(api.executions.list, { query: { job: serial, limit: 2 } })
    expect(await list({ cursor: page.nextCursor })).toEqual(refs.slice(2))
  })
})
