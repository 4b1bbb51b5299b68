import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api, isFinalExecution, type JobDocumentInput, type StartRequest } from '@opsconductor/contract'
import { startWindows, type Windows } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../../../../test/app.ts'
import { until } from '../../../../test/until.ts'

describe('a step winrm.copy', () => {
  const files = mkdtempSync(join(tmpdir(), 'opsconductor-winrm-copy-'))
  let windows: Windows
  let app: TestApp
  let jobNumber = 0

  beforeAll(async () => {
    windows = await startWindows()
    app = await startApp({ settings: { FILES_DIR: files } })
    const secret = { username: 'anna', domain: 'SIMULATED', password: 'Pa$$wörd' }
    await app.admin(api.credentials.create, { body: { name: 'anna', type: 'windows_domain', secret } })
    for (const [name, transport] of [
      ['win-1', 'winrs'],
      ['win-2', 'psrp'],
    ] as const) {
      const config = { host: windows.host, port: windows.port, https: false, transport }
      await app.admin(api.targets.create, {
        body: { name, osType: 'windows', methods: [{ type: 'winrm', config, credential: 'anna' }] },
      })
    }
  })
  afterAll(async () => {
    await app?.[Symbol.asyncDispose]()
    await windows?.close()
    rmSync(files, { recursive: true, force: true })
  })

  const addJob = (steps: object[], more: object = {}) =>
    app.admin(api.jobs.create, {
      body: {
        name: `copies ${++jobNumber}`,
        targets: ['win-1'],
        ...more,
        steps: steps.map((step) => ({ type: 'winrm.copy', ...step })),
      } as JobDocumentInput,
    })
  const start = async (steps: object[], more: object = {}, body: StartRequest = {}) => {
    const { serial } = await addJob(steps, more)
    return app.admin(api.executions.start, { params: { ref: serial }, body })
  }
  const ended = async ({ uuid }: { uuid: string }) => {
    const read = () => app.admin(api.executions.read, { params: { ref: uuid } })
    await until(async () => isFinalExecution((await read()).status), 60_000)
    const { items: steps } = await app.admin(api.executions.steps, { params: { ref: uuid, number: 1 } })
    const raw = await app.admin.raw(api.executions.rawOutput, { params: { ref: uuid, number: 1 }, query: {} })
    return { execution: await read(), steps, text: await raw.text() }
  }

  test('writes a text with its values, shows what it copied, and masks', async () => {
    const to = join(windows.home, 'app.conf')
    const { execution, steps, text } = await ended(
      await start(
        [{ content: 'host={{ target.name }}\r\npassword={{ pw }}\r\nliteral=$HOME %PATH%\r\n', to }],
        { parameters: { pw: { type: 'string', secret: true } } },
        { parameters: { pw: 'correct-horse' } },
      ),
    )
    expect(execution.status).toBe('completed')
    expect(readFileSync(to, 'utf8')).toBe('host=win-1\r\npassword=correct-horse\r\nliteral=$HOME %PATH%\r\n')
    expect(steps).toMatchObject([
      {
        status: 'completed',
        mode: 'attached',
        command: expect.stringContaining('password=********'),
        copied: { files: 1, folders: 0, verifiedBy: 'sha256', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ])
    expect(text).toMatch(/^Copied 1 file, \d+ bytes, compared by SHA-256/)
  })

  test('is shown in the plan, with what is to be thought of', async () => {
    const steps = [
      { content: '{{ pw }}', to: String.raw`C:\x\app.conf` },
      { direction: 'down', from: String.raw`C:\Logs\app.log`, to: 'logs/app.log' },
    ]
    const { serial } = await addJob(steps, { parameters: { pw: { type: 'string', secret: true } } })
    const plan = await app.admin(api.jobs.plan, { params: { ref: serial }, body: { parameters: { pw: 'hunter22' } } })
    expect(plan.branches[0]?.steps.map(({ command, method }) => [command, method !== null])).toEqual([
      ['write C:\\x\\app.conf\n********', true],
      ['copy C:\\Logs\\app.log to files:logs/app.log', true],
    ])
    expect(plan.warnings.join('\n')).toMatch(/may read in its folder[^]*target\.name/)
  })

  test.each([
    ['winrs', 'win-1'],
    ['psrp', 'win-2'],
  ])('brings a file up and down again over %s', async (_transport, target) => {
    mkdirSync(join(files, 'site'), { recursive: true })
    writeFileSync(join(files, 'site', 'big.bin'), Buffer.alloc(2_000_000, 'abcdefg'))
    const there = join(windows.home, 'big.bin')
    const { execution, steps } = await ended(
      await start(
        [
          { from: 'site/big.bin', to: there },
          { direction: 'down', from: there, to: 'back/{{ target.name }}/big.bin' },
        ],
        { targets: [target] },
      ),
    )
    expect(execution.status).toBe('completed')
    expect(steps.map(({ copied }) => copied?.sizeBytes)).toEqual([2_000_000, 2_000_000])
    const [back, sent] = [`back/${target}/big.bin`, 'site/big.bin'].map((path) => readFileSync(join(files, path)))
    expect(back?.equals(sent ?? Buffer.alloc(0))).toBe(true)
  })

  test('that cannot be done says why: a folder, a way out, nothing there', async () => {
    mkdirSync(join(files, 'folder'))
    const message = async (step: object) => (await ended(await start([step]))).steps[0]?.message
    expect(await message({ from: 'folder', to: join(windows.home, 'x') })).toContain('only single files')
    expect(await message({ from: '../x', to: join(windows.home, 'x') })).toContain('folder for files')
    expect(await message({ direction: 'down', from: join(windows.home, 'none'), to: 'x' })).toContain('no such file')
    expect(existsSync(join(windows.home, 'x'))).toBe(false)
  })

  test('that is cancelled leaves nothing on the machine', async () => {
    writeFileSync(join(files, 'huge'), Buffer.alloc(200_000_000))
    const to = join(windows.home, 'huge')
    const execution = await start([{ from: 'huge', to }])
    const parts = () => readdirSync(windows.home).filter((name) => name.endsWith('.part'))
    await until(() => parts().length > 0, 30_000)
    await app.admin(api.executions.cancel, { params: { ref: execution.uuid } })
    expect((await ended(execution)).steps).toMatchObject([{ status: 'cancelled' }])
    expect(existsSync(to)).toBe(false)
    expect(parts()).toEqual([])
  })

  test('knows nothing of owners, permissions and links', async () => {
    for (const more of [{ owner: 'a' }, { fileMode: '0600' }, { symlinks: 'skip' }, { from: 'y' }])
      await expect(addJob([{ content: 'x', to: 'x', ...more }])).rejects.toMatchObject({ problem: { code: 'invalid' } })
  })
})
