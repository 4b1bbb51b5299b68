import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fleet, startFleet, type StepInput } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'

describe.skipIf(!sshdAvailable('copying'))('a step ssh.copy', () => {
  const root = mkdtempSync(join(tmpdir(), 'opsconductor-copy-'))
  const files = join(root, 'files')
  const there = join(root, 'there')
  let fleet: Fleet

  beforeAll(async () => {
    mkdirSync(files)
    mkdirSync(there)
    fleet = await startFleet({ settings: { FILES_DIR: files } })
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    rmSync(root, { recursive: true, force: true })
  })

  const copy = (step: object): StepInput => ({ type: 'ssh.copy', ...step }) as StepInput
  const run = async (step: object, more: object = {}, request: object = {}) => {
    const execution = await fleet.run([copy(step)], more, request)
    const [result] = await fleet.steps(execution.uuid)
    return { execution, result }
  }
  const modeOf = (path: string) => statSync(path).mode & 0o777

  test('writes a text with its values, its permissions and its owner, masked where it is shown', async () => {
    const to = join(there, 'app.conf')
    const { execution, result } = await run(
      {
        content: 'host={{ target.name }}\npassword={{ secret }}\nliteral=$HOME `id`\n',
        to,
        fileMode: '0600',
        owner: '0:0',
      },
      { parameters: { secret: { type: 'string', secret: true } } },
      { parameters: { secret: 'correct-horse' } },
    )
    expect(execution.status).toBe('completed')
    expect(readFileSync(to, 'utf8')).toBe('host=host-1\npassword=correct-horse\nliteral=$HOME `id`\n')
    expect(modeOf(to)).toBe(0o600)
    expect(result).toMatchObject({
      status: 'completed',
      mode: 'attached',
      command: expect.stringContaining('password=********'),
      copied: { files: 1, verifiedBy: 'sha256', sha256: expect.stringMatching(/^[0-9a-f]{64}$/), skipped: [] },
    })
    expect(await fleet.text(execution.uuid)).toMatch(/^Copied 1 file, \d+ bytes, compared by SHA-256/)
    expect((await fleet.log(execution.uuid)).find(({ phase }) => phase === 'result_collection')).toMatchObject({
      details: { copied: { files: 1 } },
    })
  })

  test('is shown in the plan, and a secret that others could read is warned of', async () => {
    const { serial } = await fleet.addJob(
      [
        copy({ content: '{{ secret }}', to: '/tmp/x' }),
        copy({ direction: 'down', from: '/etc/hostname', to: 'names' }),
      ],
      { parameters: { secret: { type: 'string', secret: true } } },
    )
    const plan = await fleet.admin(api.jobs.plan, {
      params: { ref: serial },
      body: { parameters: { secret: 'hunter22' } },
    })
    expect(plan.branches[0]?.steps.map(({ command }) => command)).toEqual([
      'write /tmp/x\n********',
      'copy /etc/hostname to files:names',
    ])
    expect(plan.warnings.join('\n')).toMatch(/fileMode 0600[^]*target\.name/)
  })

  test('brings a folder up and down again, whole and with its permissions', async () => {
    mkdirSync(join(files, 'site', 'deep'), { recursive: true })
    writeFileSync(join(files, 'site', 'index.html'), 'hello')
    writeFileSync(join(files, 'site', 'deep', 'run.sh'), 'x'.repeat(2_000_000))
    chmodSync(join(files, 'site', 'deep', 'run.sh'), 0o755)
    symlinkSync('index.html', join(files, 'site', 'link'))
    const up = await run({ from: 'site', to: join(there, 'site') })
    expect(up.result?.copied).toMatchObject({ files: 2, links: 1, sizeBytes: 2_000_005, sha256: null })
    expect(readFileSync(join(there, 'site', 'link'), 'utf8')).toBe('hello')
    expect(modeOf(join(there, 'site', 'deep', 'run.sh'))).toBe(0o755)
    const down = await run({ direction: 'down', from: join(there, 'site'), to: 'back/{{ target.name }}' })
    expect(down.result?.copied).toMatchObject({ files: 2, skipped: [{ path: 'link' }] })
    expect(readFileSync(join(files, 'back', 'host-1', 'deep', 'run.sh')).length).toBe(2_000_000)
    const one = await run({ direction: 'down', from: join(there, 'site', 'index.html'), to: 'new/folders/index.html' })
    expect(one.execution.status).toBe('completed')
    expect(readFileSync(join(files, 'new', 'folders', 'index.html'), 'utf8')).toBe('hello')
  })

  test('does not leave the folder for files, by no words and by no link', async () => {
    writeFileSync(join(root, 'secret'), 'top secret')
    symlinkSync(root, join(files, 'out'))
    for (const from of ['../secret', '/etc/passwd', 'out/secret', 'site/../../secret', '..']) {
      const { result } = await run({ from, to: join(there, 'stolen') })
      expect(result).toMatchObject({ status: 'failed', message: expect.stringContaining('folder for files') })
    }
    expect(existsSync(join(there, 'stolen'))).toBe(false)
    for (const to of ['../planted', 'out/planted', '/tmp/planted', 'out', '.']) {
      const { result } = await run({ direction: 'down', from: '/etc/hostname', to })
      expect(result).toMatchObject({ status: 'failed', message: expect.stringContaining('folder for files') })
    }
    expect(existsSync(join(root, 'planted'))).toBe(false)
  })

  test('that fails says where and why, and leaves nothing in part', async () => {
    const { execution, result } = await run({ content: 'x', to: join(there, 'no', 'such', 'folder', 'file') })
    expect(execution.status).toBe('failed')
    expect(result).toMatchObject({ status: 'failed', message: expect.stringContaining(join(there, 'no')) })
    expect((await run({ from: 'missing', to: join(there, 'x') })).result?.message).toContain('There is no "missing"')
  })

  test('that is cancelled ends, and leaves nothing under its final name', async () => {
    const fifo = join(there, 'big')
    writeFileSync(join(files, 'big'), Buffer.alloc(300_000_000))
    const execution = await fleet.start([copy({ from: 'big', to: fifo })])
    await until(() => readdirSync(there).some((name) => name.startsWith('.oc-copy-')), 20_000)
    await fleet.admin(api.executions.cancel, { params: { ref: execution.uuid } })
    expect((await fleet.ended(execution)).status).toBe('cancelled')
    expect(existsSync(fifo)).toBe(false)
    await until(() => !readdirSync(there).some((name) => name.startsWith('.oc-copy-')), 20_000)
    rmSync(join(files, 'big'))
  })

  test('with a mistake in its document is refused with the field', async () => {
    const refused = async (step: object) => {
      try {
        await fleet.addJob([copy(step)])
        return []
      } catch (error) {
        return (error as { problem?: { fields?: { path: string }[] } }).problem?.fields?.map(({ path }) => path)
      }
    }
    expect(await refused({ to: '/x' })).toEqual(['steps.0.from'])
    expect(await refused({ content: 'x', from: 'y', to: '/x' })).toEqual(['steps.0.from'])
    expect(await refused({ content: '{{ nothing }}', to: '/x' })).toEqual(['steps.0.content'])
    expect(await refused({ from: 'a', to: '/x/{{ nothing }}' })).toEqual(['steps.0.to'])
    expect(await refused({ direction: 'down', content: 'x', to: 'y' })).toEqual(['steps.0.content'])
    expect(await refused({ content: 'x', to: '/x', owner: 'a; id' })).toEqual(['steps.0.owner'])
  })
})
