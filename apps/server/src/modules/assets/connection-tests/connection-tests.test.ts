import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { createLocalWire, createSshWire, type SshWire } from '@opsconductor/transports'
import { findProgram, sshdAvailable, startSshd, type Sshd } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenAssets, openAssets } from '../../../../test/assets.ts'
import { contextOf } from '../../../../test/context.ts'
import { sealSecret } from '../credentials/secrets.ts'

/** A loopback port at which nothing listens. */
const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const statuses = (phases: { phase: string; status: string }[]) => phases.map(({ status }) => status).join(' ')

describe.skipIf(!sshdAvailable('connection tests'))('a connection test', () => {
  let sshd: Sshd
  let stranger: Sshd
  let ssh: SshWire
  let assets: OpenAssets
  beforeAll(async () => {
    sshd = await startSshd()
    stranger = await startSshd()
    ssh = createSshWire()
    assets = await openAssets({ ssh, local: null })
    for (const [name, { username, privateKey }] of Object.entries({ 'good key': sshd, 'wrong key': stranger })) {
      await assets.call(api.credentials.create, { body: { name, type: 'ssh_key', secret: { username, privateKey } } })
    }
  })
  afterAll(async () => {
    await assets?.[Symbol.asyncDispose]()
    await ssh?.close()
    await Promise.all([sshd?.stop(), stranger?.stop()])
  })

  const run = (ref: string, body?: { method: string }) =>
    assets.call(api.targets.test, { params: { ref }, ...(body === undefined ? {} : { body }) })
  const read = (ref: string) => assets.call(api.targets.read, { params: { ref } })

  test('with a good key passes all five phases and says what runs there', async () => {
    const target = await assets.addTarget('good', { ...sshd.address, credential: 'good key' })
    const result = await run(target.serial)
    expect(result).toMatchObject({ isFinished: true, isOk: true, target: { name: 'good', serial: target.serial } })
    const [tested] = result.methods
    expect(tested).toMatchObject({
      isOk: true,
      credential: 'good key',
      fault: null,
      message: expect.stringContaining(`logged in as ${sshd.username}`),
      hostKey: { fingerprint: sshd.hostKey().fingerprint, isNew: true },
      system: expect.stringMatching(/^\w+ \d/),
    })
    expect(tested?.phases.map(({ phase, status }) => `${phase} ${status}`)).toEqual([
      'dns ok',
      'connect ok',
      'host_key ok',
      'authentication ok',
      'command ok',
    ])
    expect(tested?.phases.every(({ durationMs }) => durationMs >= 0)).toBe(true)
    expect(await read(target.uuid)).toMatchObject({ health: 'healthy', lastTestedAt: expect.any(String), revision: 1 })
    expect((await run(target.uuid)).methods[0]?.hostKey).toMatchObject({ isNew: false })
    expect(await assets.call(api.targets.readTest, { params: { ref: target.uuid, test: result.uuid } })).toEqual(result)
    expect((await assets.auditLines()).at(-1)).toMatchObject({ action: 'targets.test', subjectName: 'good' })
    expect(assets.deliveries.at(-1)).toMatchObject({ queue: 'test.default' })
  })

  test('with a wrong key fails at the log-in', async () => {
    const { uuid } = await assets.addTarget('wrong', { ...sshd.address, credential: 'wrong key' })
    const { isFinished, isOk, methods } = await run(uuid)
    expect({ isFinished, isOk }).toEqual({ isFinished: true, isOk: false })
    expect(methods[0]).toMatchObject({
      isOk: false,
      fault: 'denied',
      message: expect.stringContaining('denied the log-in'),
      hostKey: { isNew: true },
    })
    expect(statuses(methods[0]?.phases ?? [])).toBe('ok ok ok failed skipped')
    expect(await read(uuid)).toMatchObject({ health: 'critical' })
  })

  test('of a host nobody knows fails at the name, of a closed port at the connection', async () => {
    const unknown = await assets.addTarget('unknown', { host: 'no-such-host.invalid', credential: 'good key' })
    const [first] = (await run(unknown.uuid)).methods
    expect(first).toMatchObject({ fault: 'unreachable', hostKey: null, system: null })
    expect(statuses(first?.phases ?? [])).toBe('failed skipped skipped skipped skipped')

    const port = await closedPort()
    const closed = await assets.addTarget('closed', { host: '127.0.0.1', port, credential: 'good key' })
    const [second] = (await run(closed.uuid)).methods
    expect(second).toMatchObject({ fault: 'refused', message: expect.stringContaining('refused the connection') })
    expect(statuses(second?.phases ?? [])).toBe('ok failed skipped skipped skipped')
  })

  test('of a machine that says nothing ends at the time its method allows', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { uuid } = await assets.call(api.targets.create, {
      body: {
        name: 'silent',
        methods: [{ type: 'ssh', config: { host: '127.0.0.1', port, connectTimeoutSec: 1 }, credential: 'good key' }],
      },
    })
    const [tested] = (await run(uuid)).methods
    expect(tested).toMatchObject({ fault: 'timeout', message: expect.stringContaining('longer than the 1 s') })
    expect(statuses(tested?.phases ?? [])).toBe('ok ok failed skipped skipped')
    server.close()
  })

  test('of a machine with a changed host key fails there, and passes after the old one is forgotten', async () => {
    await using own = await startSshd()
    const { username, privateKey } = own
    await assets.call(api.credentials.create, {
      body: { name: 'own key', type: 'ssh_key', secret: { username, privateKey } },
    })
    const target = await assets.addTarget('changed', { ...own.address, credential: 'own key' })
    expect(await run(target.uuid)).toMatchObject({ isOk: true })
    const pinned = own.hostKey().fingerprint
    await own.replaceHostKey()
    const [tested] = (await run(target.uuid)).methods
    expect(tested).toMatchObject({
      fault: 'untrusted',
      hostKey: { fingerprint: own.hostKey().fingerprint, isNew: false },
    })
    for (const part of [pinned, own.hostKey().fingerprint, 'targets.trust']) expect(tested?.message).toContain(part)
    expect(statuses(tested?.phases ?? [])).toBe('ok ok failed skipped skipped')

    const params = { ref: target.uuid, method: target.methods[0]?.uuid ?? '' }
    await assets.call(api.targets.forgetHostKeys, { params })
    expect((await run(target.uuid)).methods[0]).toMatchObject({ isOk: true, hostKey: { isNew: true } })
  })

  test('tells every active method, also those that cannot be tested yet; one can be asked for alone', async () => {
    const at = { type: 'ssh' as const, config: sshd.address }
    const target = await assets.call(api.targets.create, {
      body: {
        name: 'several',
        methods: [
          { ...at, credential: 'good key' },
          { ...at, credential: 'wrong key', name: 'spare' },
          { type: 'postgresql', config: { host: '127.0.0.1' } },
          { type: 'local', config: {} },
          { ...at, isActive: false, name: 'asleep', credential: 'good key' },
        ],
      },
    })
    const { isOk, methods } = await run(target.uuid)
    expect(isOk).toBe(false)
    expect(methods.map(({ method, fault }) => [method.type, fault])).toEqual([
      ['ssh', null],
      ['ssh', 'denied'],
      ['postgresql', null],
      ['local', 'refused'],
    ])
    expect(methods[2]).toMatchObject({ isOk: false, message: 'OpsConductor cannot test PostgreSQL yet.' })
    expect(methods[3]?.message).toContain('switched off')
    expect(await read(target.uuid)).toMatchObject({ health: 'warning' })

    const asleep = target.methods.find(({ name }) => name === 'asleep')?.uuid ?? ''
    expect((await run(target.uuid, { method: asleep })).methods).toMatchObject([
      { method: { name: 'asleep' }, isOk: true },
    ])
    const nowhere = '0190a000-0000-7000-8000-000000000000'
    await expect(run(target.uuid, { method: nowhere })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('with a passphrase that does not fit the key says so, and nothing is connected', async () => {
    // such a credential is refused when it is saved, so it is put there by hand
    const folder = mkdtempSync(join(tmpdir(), 'opsconductor-locked-'))
    const path = join(folder, 'key')
    execFileSync(findProgram('ssh-keygen') ?? '', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', path])
    const privateKey = readFileSync(path, 'utf8')
    rmSync(folder, { recursive: true })
    const credential = await assets.call(api.credentials.create, {
      body: { name: 'locked', type: 'ssh_key', secret: { username: 'ops', privateKey, passphrase: 'open sesame' } },
    })
    const secret = { username: 'ops', privateKey, passphrase: 'open barley' }
    await assets.database.kysely
      .updateTable('assets.credentials')
      .set(sealSecret(assets.vault, credential.uuid, secret))
      .where('uuid', '=', credential.uuid)
      .execute()
    const { uuid } = await assets.addTarget('locked', { ...sshd.address, credential: 'locked' })
    const [tested] = (await run(uuid)).methods
    expect(tested).toMatchObject({ fault: 'denied', hostKey: null, message: expect.stringContaining('does not fit') })
    expect(statuses(tested?.phases ?? [])).toBe('skipped skipped skipped failed skipped')
    expect(JSON.stringify(await assets.auditLines())).not.toContain('open ')
  })

  test('without a credential says so and touches no wire', async () => {
    const { uuid } = await assets.addTarget('bare', sshd.address)
    const [tested] = (await run(uuid)).methods
    expect(tested).toMatchObject({ fault: 'denied', message: expect.stringContaining('has no credential') })
    expect(statuses(tested?.phases ?? [])).toBe('skipped skipped skipped failed skipped')
  })

  test('that was delivered twice is done once', async () => {
    const { uuid } = await assets.addTarget('twice', { ...sshd.address, credential: 'good key' })
    const result = await run(uuid)
    await assets.runTest(assets.ctx, { test: result.uuid })
    expect(await assets.call(api.targets.readTest, { params: { ref: uuid, test: result.uuid } })).toEqual(result)
  })

  test('belongs to its target', async () => {
    const a = await assets.addTarget('a', { ...sshd.address, credential: 'good key' })
    const b = await assets.addTarget('b')
    const { uuid: test } = await run(a.uuid)
    await expect(assets.call(api.targets.readTest, { params: { ref: b.uuid, test } })).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})

test('the server itself is tested where that is turned on', async () => {
  await using ssh = createSshWire()
  await using assets = await openAssets({ ssh, local: createLocalWire() })
  const { uuid } = await assets.call(api.targets.create, {
    body: { name: 'myself', methods: [{ type: 'local', config: {} }] },
  })
  const { isOk, methods } = await assets.call(api.targets.test, { params: { ref: uuid } })
  expect(isOk).toBe(true)
  expect(methods[0]).toMatchObject({ credential: null, system: expect.stringMatching(/^\w+ \d/) })
  expect(statuses(methods[0]?.phases ?? [])).toBe('skipped skipped skipped skipped ok')
})

test('while no executor takes it, a test is answered unfinished when the caller goes', async () => {
  await using assets = await openAssets()
  const { uuid } = await assets.addTarget('waiting')
  const leaving = new AbortController()
  const as = contextOf(assets.database, { signal: leaving.signal })
  const answer = assets.call(api.targets.test, { as, params: { ref: uuid } })
  await expect.poll(() => assets.deliveries.length).toBe(1)
  leaving.abort()
  expect(await answer).toMatchObject({ isFinished: false, isOk: false, finishedAt: null, methods: [] })
})
