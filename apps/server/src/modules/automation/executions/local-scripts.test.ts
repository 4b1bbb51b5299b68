import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startExecutorProcess } from '../../../../test/service-process.ts'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'

describe.skipIf(!sshdAvailable('scripts on the executor itself'))('scripts on the executor itself', () => {
  let fleet: Fleet
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-scripts-'))
  beforeAll(async () => {
    fleet = await startFleet({ hosts: 2, settings: { LOCAL_TRANSPORT: 'true' } })
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  test('run in the branch of any target, whose names they can use, and what they say can be used', async () => {
    const execution = await fleet.run([
      { id: 'here', type: 'script.local', script: 'echo "${SSH_CONNECTION:-no ssh} for {{ target.name }}"' },
      'echo "${SSH_CONNECTION:+ssh}: {{ steps.here.stdout }}"',
    ])
    expect(execution.status).toBe('completed')
    expect(await fleet.text(execution.uuid, 2)).toBe('no ssh for host-2\nssh: no ssh for host-2\n')
    const [here, there] = await fleet.steps(execution.uuid, 1)
    expect(here).toMatchObject({ type: 'script.local', method: 'local', credential: null, target: { name: 'host-1' } })
    expect(there).toMatchObject({ method: 'ssh' })
  })

  test('as a step for another target they have its names', async () => {
    const execution = await fleet.run(
      [{ type: 'script.local', target: 'host-2', script: 'echo "{{ target.name }} in {{ branch.number }}"' }],
      { targets: ['host-1'] },
    )
    expect(execution.status).toBe('completed')
    expect(await fleet.text(execution.uuid)).toBe('host-2 in 001\n')
    expect((await fleet.steps(execution.uuid))[0]?.target?.name).toBe('host-2')
  })

  test('are refused where commands on the server itself are switched off', async () => {
    await using other = await startFleet()
    const execution = await other.run([{ type: 'script.local', script: 'echo never' }])
    expect(execution.status).toBe('failed')
    expect((await other.steps(execution.uuid))[0]).toMatchObject({
      status: 'failed',
      fault: 'refused',
      message: expect.stringContaining('OPSCONDUCTOR_LOCAL_TRANSPORT=true'),
    })
  })

  test('one that began on another machine is not asked about here, and never begins a second time', async () => {
    await using site = await startFleet({ services: ['gateway', 'scheduler'], settings: { LEASE_SEC: '2' } })
    const [counter, end] = [join(folder, 'counter'), join(folder, 'end')]
    const script = `echo x >> ${counter}; until [ -e ${end} ]; do sleep 0.05; done`
    const first = await startExecutorProcess(site.app, { LOCAL_TRANSPORT: 'true' })
    const started = await site.start([{ type: 'script.local', script, mode: 'attached' }])
    await until(() => existsSync(counter))
    first.kill('SIGKILL')
    await site.database.asOwner(`update automation.step_results set executor = 'elsewhere:1'`)
    await using _second = await startExecutorProcess(site.app, { LOCAL_TRANSPORT: 'true' })
    await until(async () => (await site.branches(started.uuid))[0]?.status === 'lost')
    expect((await site.steps(started.uuid))[0]).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('It began on the machine of the executor elsewhere:1.'),
    })
    expect(readFileSync(counter, 'utf8')).toBe('x\n')
    writeFileSync(end, '')
  })
})
