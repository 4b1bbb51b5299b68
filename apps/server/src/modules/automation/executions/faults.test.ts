import { createServer } from 'node:net'
import { once } from 'node:events'
import { api, type Fault } from '@opsconductor/contract'
import { type Sshd, sshdAvailable, startSshd } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fleet, addTarget, startFleet } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'

describe.skipIf(!sshdAvailable('wires that fail'))('wires that fail', () => {
  let fleet: Fleet
  beforeAll(async () => {
    fleet = await startFleet({ settings: { UNREACHABLE_SEC: '2' } })
  })
  afterAll(() => fleet?.[Symbol.asyncDispose]())

  const addBroken = (name: string, config: object, credential = 'key of host-1') =>
    fleet.admin(api.targets.create, {
      body: { name, methods: [{ type: 'ssh', config: { host: '127.0.0.1', ...config }, credential }] },
    })

  /** Runs on the target and tells how the wire failed, and in which words the log says so. */
  const faultOn = async (name: string) => {
    const execution = await fleet.run(['echo never', 'echo neither'], { targets: [name] })
    expect(execution.status).toBe('failed')
    const [first, second] = await fleet.steps(execution.uuid)
    expect(second?.status).toBe('skipped')
    expect(first).toMatchObject({ status: 'failed', exitCode: null })
    const errors = (await fleet.log(execution.uuid)).filter(({ details }) => 'fault' in details)
    expect(errors).toHaveLength(1)
    const [branch] = await fleet.branches(execution.uuid)
    expect(branch?.fault).toBe(first?.fault)
    expect(await fleet.text(execution.uuid)).toBe('')
    return { fault: first?.fault as Fault, log: [errors[0]?.phase, errors[0]?.category], message: first?.message ?? '' }
  }

  test('a host name that does not exist is unreachable', async () => {
    await addBroken('no-name', { host: 'no-such-host.invalid' })
    expect(await faultOn('no-name')).toMatchObject({
      fault: 'unreachable',
      log: ['communication', 'communication'],
      message: expect.stringContaining('no-such-host.invalid') as string,
    })
  })

  test('a closed port refuses', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as { port: number }
    closed.close()
    await addBroken('closed', { port })
    expect(await faultOn('closed')).toMatchObject({ fault: 'refused', log: ['communication', 'communication'] })
  })

  test('somebody who accepts and says nothing is given up after the connect time-out', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    await addBroken('mute', { port: (mute.address() as { port: number }).port, connectTimeoutSec: 1 })
    expect(await faultOn('mute')).toMatchObject({ fault: 'timeout', log: ['action_execution', 'communication'] })
    mute.close()
  })

  test('a key that does not open is denied', async () => {
    await using other = await startSshd()
    await addTarget(fleet.app, 'other', other)
    await addBroken('wrong-key', { port: fleet.servers[0]?.port }, 'key of other')
    expect(await faultOn('wrong-key')).toMatchObject({ fault: 'denied', log: ['authentication', 'authentication'] })
  })

  test('a method without a credential is denied, and says what to do', async () => {
    await fleet.admin(api.targets.create, {
      body: {
        name: 'bare',
        methods: [{ type: 'ssh', config: { host: '127.0.0.1', port: fleet.servers[0]?.port ?? 0 } }],
      },
    })
    const { fault, message } = await faultOn('bare')
    expect(fault).toBe('denied')
    expect(message).toContain('Give it one')
  })

  test('a changed host key stops the branch before anything is sent, until a person decides', async () => {
    await using sshd = await startSshd()
    const target = await addTarget(fleet.app, 'reinstalled', sshd)
    expect((await fleet.run(['true'], { targets: ['reinstalled'] })).status).toBe('completed')
    const { items } = await fleet.admin(api.targets.hostKeys, { params: { ref: target.uuid } })
    expect(items).toMatchObject([{ fingerprint: sshd.hostKey().fingerprint, pinnedBy: 'execution' }])
    await sshd.replaceHostKey()
    const { fault, log, message } = await faultOn('reinstalled')
    expect([fault, log]).toEqual(['untrusted', ['authentication', 'authentication']])
    expect(message).toContain(sshd.hostKey().fingerprint)
    await fleet.admin(api.targets.forgetHostKeys, {
      params: { ref: target.uuid, method: target.methods[0]?.uuid ?? '' },
    })
    expect((await fleet.run(['true'], { targets: ['reinstalled'] })).status).toBe('completed')
  })

  describe('a connection that breaks while a command runs', () => {
    const cut = async (mode: 'attached' | 'detached', end: (sshd: Sshd) => Promise<unknown>) => {
      await using sshd = await startSshd()
      const name = `cut ${++cuts}`
      await addTarget(fleet.app, name, sshd)
      const command = mode === 'detached' ? 'echo begun; sleep 1.5; echo end' : 'echo begun; sleep 1.5'
      const started = await fleet.start([{ type: 'ssh.exec', command, mode }], { targets: [name] })
      await until(async () => (await fleet.text(started.uuid)) === 'begun\n')
      await end(sshd)
      await until(async () => (await fleet.branches(started.uuid))[0]?.status !== 'running')
      return started
    }
    let cuts = 0

    test('loses nothing of a detached step', async () => {
      const started = await cut('detached', async (sshd) => sshd.dropConnections())
      expect(await fleet.ended(started)).toMatchObject({ status: 'completed' })
      expect(await fleet.text(started.uuid)).toBe('begun\nend\n')
    })

    test('leaves an attached step its end, without its last output', async () => {
      const started = await cut('attached', async (sshd) => sshd.dropConnections())
      await fleet.ended(started)
      expect((await fleet.steps(started.uuid))[0]?.message).toContain('after its connection was lost')
    })

    test('makes the step lost when the target does not come back, until somebody says what became of it', async () => {
      const started = await cut('detached', (sshd) => sshd.stop())
      expect(await fleet.read(started.uuid)).toMatchObject({ status: 'running', needsAttention: true })
      expect((await fleet.steps(started.uuid))[0]).toMatchObject({ status: 'unknown', exitCode: null })
      await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
      expect(await fleet.ended(started)).toMatchObject({ status: 'cancelled', cancelOutcome: 'unconfirmed' })
    })
  })

  test('a connection to the database that breaks cancels nothing', async () => {
    const started = await fleet.start(['echo begun; sleep 1; echo end'], { targets: ['host-1'] })
    await until(async () => (await fleet.text(started.uuid)) === 'begun\n')
    const cut = await fleet.database.asOwner(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%listen%'`,
    )
    expect(cut.length).toBeGreaterThan(0)
    expect(await fleet.ended(started)).toMatchObject({ status: 'completed' })
    expect(await fleet.text(started.uuid)).toBe('begun\nend\n')
  })

  test('an archived target is said to be gone', async () => {
    const target = await addBroken('gone', { port: 1 })
    const { serial } = await fleet.addJob(['true'], { targets: [target.uuid] })
    await fleet.admin(api.targets.archive, { params: { ref: target.uuid } })
    await expect(fleet.admin(api.executions.start, { params: { ref: serial }, body: {} })).rejects.toThrow(
      `there is no target "${target.uuid}"`,
    )
  })

  test('one bad target among good ones fails alone', async () => {
    await addBroken('bad', { port: 1 })
    const { uuid, counts } = await fleet.run(['echo fine'], { targets: ['host-1', 'bad'] })
    expect(counts).toMatchObject({ completed: 1, failed: 1 })
    expect(await fleet.text(uuid)).toBe('fine\n')
  })
})
