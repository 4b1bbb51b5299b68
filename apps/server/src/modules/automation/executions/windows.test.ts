import { api, type JobDocumentInput } from '@opsconductor/contract'
import { startWindows, type Windows } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../../../../test/app.ts'
import { until } from '../../../../test/until.ts'

/** As it stands in the requirements. */
const sampleJob: JobDocumentInput = {
  name: 'Sample Windows Service Restart',
  version: 1,
  parameters: { svc: 'Spooler' },
  steps: [
    {
      type: 'winrm.exec',
      shell: 'powershell',
      target: 'sample-windows-server',
      command: 'Restart-Service {{ svc }}; (Get-Service {{ svc }}).Status',
      timeoutSec: 90,
    },
  ],
}

let windows: Windows
/** Whether its processes cannot be listed. */
let blind = false
let app: TestApp
let sample = ''
const services = new Map([['Spooler', 'Stopped']])
const lines: string[] = []

beforeAll(async () => {
  windows = await startWindows({
    services,
    failsToLook: () => blind,
    cmd: (line) => {
      lines.push(line, Buffer.from(line.split(' ').at(-1) ?? '', 'base64').toString('utf16le'))
      return undefined
    },
  })
  app = await startApp()
  await app.admin(api.credentials.create, {
    body: {
      name: 'anna',
      type: 'windows_domain',
      secret: { username: 'anna', domain: 'SIMULATED', password: 'Pa$$wörd' },
    },
  })
  sample = (await addTarget('sample-windows-server')).serial
})

afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await windows?.close()
})

const addTarget = (name: string, config: object = {}, credential = 'anna') =>
  app.admin(api.targets.create, {
    body: {
      name,
      osType: 'windows',
      methods: [
        { type: 'winrm', config: { host: windows.host, port: windows.port, https: false, ...config }, credential },
      ],
    },
  })

const start = async (document: JobDocumentInput, parameters?: Record<string, string>) => {
  const { serial } = await app.admin(api.jobs.create, { body: document })
  return app.admin(api.executions.start, {
    params: { ref: serial },
    body: parameters === undefined ? {} : { parameters },
  })
}

const ended = async ({ uuid }: { uuid: string }) => {
  const read = () => app.admin(api.executions.read, { params: { ref: uuid } })
  await until(async () => ['completed', 'failed', 'cancelled'].includes((await read()).status), 30_000)
  const { items: steps } = await app.admin(api.executions.steps, { params: { ref: uuid, number: 1 } })
  const raw = await app.admin.raw(api.executions.rawOutput, { params: { ref: uuid, number: 1 }, query: {} })
  const { items: log } = await app.admin(api.executions.log, { params: { ref: uuid }, query: { limit: 200 } })
  return { execution: await read(), steps, text: await raw.text(), log }
}

let jobNumber = 0
const step = (more: object): JobDocumentInput =>
  ({
    name: `windows ${++jobNumber}`,
    targets: ['sample-windows-server'],
    steps: [{ type: 'winrm.exec', shell: 'powershell', mode: 'attached', ...more }],
  }) as JobDocumentInput

describe('a Windows machine', () => {
  test('runs the sample job as it stands', async () => {
    const { execution, steps, text, log } = await ended(await start(sampleJob))
    expect(execution.status).toBe('completed')
    expect(text).toContain('Running')
    expect(services.get('Spooler')).toBe('Running')
    expect(steps).toMatchObject([
      { status: 'completed', exitCode: 0, command: 'Restart-Service Spooler; (Get-Service Spooler).Status' },
    ])
    // its time limit would make it a detached one elsewhere
    expect(steps).toMatchObject([{ mode: 'attached' }])
    expect(log.filter(({ level }) => level !== 'info')).toEqual([])
  })

  test('runs attached what was to run detached, and the plan says so', async () => {
    const document = step({ command: 'echo hello', mode: 'detached' })
    const { serial } = await app.admin(api.jobs.create, { body: document })
    const plan = await app.admin(api.jobs.plan, { params: { ref: serial }, body: {} })
    expect(plan.branches[0]?.steps).toMatchObject([{ mode: 'attached' }])
    expect(plan.warnings.join()).toMatch(/runs attached/)
    const execution = await app.admin(api.executions.start, { params: { ref: serial }, body: {} })
    expect((await ended(execution)).steps).toMatchObject([{ status: 'completed', mode: 'attached' }])
  })

  test('is tested in phases, also by the older path', async () => {
    const tested = await app.admin(api.targets.test, { params: { ref: sample }, query: {}, body: {} })
    expect(tested).toMatchObject({ isOk: true, methods: [{ isOk: true, credential: 'anna' }] })
    expect(tested.methods[0]?.phases.map(({ phase, status }) => `${phase} ${status}`)).toEqual([
      'dns ok',
      'connect ok',
      'host_key skipped',
      'authentication ok',
      'command ok',
    ])
    expect(tested.methods[0]?.system).toContain('Microsoft Windows')
    const older = await fetch(`${app.url}/targets/${tested.target.serial}/test-winrm`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.admin.accessToken}` },
    })
    expect([older.status, ((await older.json()) as { isOk: boolean }).isOk]).toEqual([200, true])
  })

  test('that does not let one in says in which phase, and what to do', async () => {
    await app.admin(api.credentials.create, {
      body: { name: 'wrong', type: 'password', secret: { username: 'anna', password: 'not hers' } },
    })
    const { serial: wrong } = await addTarget('wrong password', {}, 'wrong')
    const tested = await app.admin(api.targets.test, { params: { ref: wrong }, query: {}, body: {} })
    expect(tested.methods[0]).toMatchObject({
      isOk: false,
      fault: 'denied',
      message: expect.stringMatching(/Check the user name/),
    })
    const { serial: clear } = await addTarget('in clear', { auth: 'basic' })
    const basic = await app.admin(api.targets.test, { params: { ref: clear }, query: {}, body: {} })
    expect(basic.methods[0]).toMatchObject({ fault: 'denied', message: expect.stringMatching(/in clear/) })
  })

  test.each(['powershell', 'cmd'])('runs a command of %s with its values as they are', async (shell) => {
    const command = shell === 'cmd' ? 'echo {{ v }}' : 'printf %s "{{ v }}"'
    const { steps, text } = await ended(
      await start({ ...step({ shell, command }), parameters: { v: '' } }, { v: `it's a & b; $HOME` }),
    )
    expect(steps).toMatchObject([{ status: 'completed', exitCode: 0 }])
    expect(text).toContain(`it's a & b; $HOME`)
  })

  test('shows no secret, and gets none on a command line', async () => {
    const { steps, text } = await ended(
      await start(
        {
          ...step({ command: 'echo "{{ pw }}" >&2; exit 3' }),
          parameters: { pw: { secret: true } },
        },
        { pw: "hunter2's own" },
      ),
    )
    expect(steps).toMatchObject([{ status: 'failed', exitCode: 3, command: 'echo "********" >&2; exit 3' }])
    expect(text).toBe('********\n')
    expect(lines.join('\n')).not.toMatch(/hunter2|Pa\$\$w/)
  })

  test('stops what is cancelled', async () => {
    const execution = await start(step({ command: 'echo $$; exec sleep 600' }))
    const read = async () => {
      const query = { fromLine: 1, limit: 1 }
      const params = { ref: execution.uuid, number: 1 }
      return (await app.admin(api.executions.output, { params, query })).items[0]?.text ?? ''
    }
    let pid = 0
    await until(async () => (pid = Number(await read())) > 0, 20_000)
    await app.admin(api.executions.cancel, { params: { ref: execution.uuid } })
    const { steps } = await ended(execution)
    expect(steps).toMatchObject([{ status: 'cancelled', message: 'It was stopped.' }])
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  test('stops what takes too long', async () => {
    const { steps } = await ended(await start(step({ command: 'sleep 600', timeoutSec: 1 })))
    expect(steps).toMatchObject([
      { status: 'failed', fault: 'timeout', message: 'It was stopped after its time limit of 1 s.' },
    ])
  })

  test('is not told to do it again where nobody saw that the first try has ended', async () => {
    blind = true
    try {
      const { steps } = await ended(
        await start(step({ shell: 'cmd', command: 'sleep 600', timeoutSec: 1, retries: 2 })),
      )
      expect(steps).toMatchObject([
        { status: 'failed', fault: 'timeout', message: expect.stringMatching(/could not be seen/) },
      ])
    } finally {
      blind = false
    }
  })

  test('runs PowerShell that stays', async () => {
    await addTarget('stays', { transport: 'psrp' })
    const { steps, text } = await ended(await start({ ...step({ command: 'echo hello' }), targets: ['stays'] }))
    expect(steps).toMatchObject([{ status: 'completed', exitCode: 0 }])
    expect(text.trim()).toBe('hello')
  })

  test('refuses placeholders that would be read as code when the job is saved', async () => {
    await expect(
      app.admin(api.jobs.create, { body: { ...step({ command: 'iex {{ v }}' }), parameters: { v: 'x' } } }),
    ).rejects.toMatchObject({
      problem: {
        code: 'invalid',
        fields: [{ path: 'steps.0.command', message: expect.stringMatching(/line 1, column 5/) }],
      },
    })
  })
})
