import { api } from '@opsconductor/contract'
import { createLocalWire, createSshWire, type SshWire } from '@opsconductor/transports'
import { collect, sshdAvailable, startSshd, type Sshd } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenAssets, openAssets } from '../../../../test/assets.ts'
import { newUuid } from '../../../kernel/identifiers.ts'
import type { OpenRequest } from './connections.ts'

const signal = new AbortController().signal

/** What an executor would ask for a target's primary method. */
const requestFor = async (assets: OpenAssets, name: string, more: Partial<OpenRequest> = {}): Promise<OpenRequest> => {
  const { found } = await assets.targets.forRun(assets.ctx, [name])
  const [target] = found
  const [method] = target?.methods ?? []
  if (target === undefined || method === undefined) throw new Error(`${name} is not there`)
  return { target, method, purpose: 'execution', actorName: 'tester', signal, ...more }
}

describe.skipIf(!sshdAvailable('opening connections to targets'))('a connection', () => {
  let sshd: Sshd
  let ssh: SshWire
  let assets: OpenAssets
  beforeAll(async () => {
    sshd = await startSshd()
    ssh = createSshWire()
    assets = await openAssets({ ssh, local: null })
    const { username, privateKey } = sshd
    await assets.call(api.credentials.create, {
      body: { name: 'good key', type: 'ssh_key', secret: { username, privateKey } },
    })
  })
  afterAll(async () => {
    await assets?.[Symbol.asyncDispose]()
    await ssh?.close()
    await sshd?.stop()
  })

  const addTarget = (name: string, at: { host: string; port: number } = sshd) =>
    assets.addTarget(name, { host: at.host, port: at.port, credential: 'good key' })
  const open = async (name: string, more: Partial<OpenRequest> = {}) =>
    assets.connections.open(assets.ctx, await requestFor(assets, name, more))
  const hostKeysOf = async (ref: string) => (await assets.call(api.targets.hostKeys, { params: { ref } })).items

  test('runs commands, tells what to mask, and pins the host key it met first', async () => {
    const { uuid, methods } = await addTarget('first')
    const { shell, secrets } = await open('first')
    await using _shell = shell
    expect(await collect(shell, 'echo hello')).toMatchObject({ exit: { exitCode: 0 }, stdout: 'hello\n' })
    expect(secrets.length).toBeGreaterThan(3)
    expect(secrets.every((line) => sshd.privateKey.includes(line))).toBe(true)
    const { algorithm, fingerprint } = sshd.hostKey()
    expect(await hostKeysOf(uuid)).toMatchObject([
      { method: methods[0]?.uuid, host: sshd.host, port: sshd.port, algorithm, fingerprint, pinnedBy: 'execution' },
    ])
  })

  test('writes down each opening of its credential, one per execution and target', async () => {
    const { uuid } = await addTarget('used')
    const before = await assets.call(api.credentials.uses, { params: { ref: 'good key' }, query: {} })
    const executionUuid = newUuid()
    for (let n = 0; n < 3; n++) await (await open('used', { executionUuid })).shell[Symbol.asyncDispose]()
    await using _test = (await open('used', { purpose: 'test', actorName: 'somebody' })).shell
    const { items } = await assets.call(api.credentials.uses, { params: { ref: 'good key' }, query: {} })
    expect(items.slice(0, items.length - before.items.length)).toMatchObject([
      { purpose: 'test', actor: 'somebody', execution: null },
      { purpose: 'execution', actor: 'tester', execution: executionUuid, target: { uuid, name: 'used' } },
    ])
    const found = await assets.call(api.credentials.uses, { params: { ref: 'good key' }, query: { q: 'somebody' } })
    expect(found.items).toHaveLength(1)
    const { lastUsedAt } = await assets.call(api.credentials.read, { params: { ref: 'good key' } })
    expect(lastUsedAt).not.toBeNull()
  })

  test('of many at once, all pin the same key once', async () => {
    const { uuid } = await addTarget('crowded')
    const opened = await Promise.all(Array.from({ length: 8 }, () => open('crowded')))
    for (const { shell } of opened) await shell[Symbol.asyncDispose]()
    expect(await hostKeysOf(uuid)).toHaveLength(1)
  })

  test('to a machine with another key is refused until somebody forgets the old one', async () => {
    await using own = await startSshd()
    const { username, privateKey } = own
    await assets.call(api.credentials.create, {
      body: { name: 'own key', type: 'ssh_key', secret: { username, privateKey } },
    })
    const target = await assets.addTarget('replaced', { ...own.address, credential: 'own key' })
    await using _first = (await open('replaced')).shell
    const pinned = own.hostKey().fingerprint
    await own.replaceHostKey()
    const shown = own.hostKey().fingerprint
    await expect(open('replaced')).rejects.toMatchObject({
      fault: 'untrusted',
      message: expect.stringMatching(/has changed.*targets\.trust/s),
      details: { offeredFingerprint: shown, expectedFingerprint: expect.stringContaining(pinned), started: false },
    })
    await expect(open('replaced')).rejects.toThrow(pinned)

    // a key of another kind is no way around
    await own.replaceHostKey(['rsa'])
    await expect(open('replaced')).rejects.toMatchObject({
      fault: 'untrusted',
      message: expect.stringMatching(/targets\.trust/),
      details: { expectedFingerprint: expect.stringContaining(pinned) },
    })

    const method = target.methods[0]?.uuid ?? ''
    await assets.call(api.targets.forgetHostKeys, { params: { ref: target.serial, method } })
    expect((await assets.auditLines()).at(-1)).toMatchObject({
      action: 'targets.forgetHostKeys',
      subjectName: 'replaced',
      details: { forgotten: [{ fingerprint: pinned }] },
    })
    await using second = (await open('replaced')).shell
    expect((await collect(second, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
    expect(await hostKeysOf(target.uuid)).toMatchObject([{ fingerprint: own.hostKey().fingerprint }])
  })

  test('to another address of the same method pins anew', async () => {
    const target = await addTarget('moving')
    await using _first = (await open('moving')).shell
    await using own = await startSshd()
    await assets.call(api.targets.update, {
      params: { ref: target.uuid },
      body: {
        methods: [{ uuid: target.methods[0]?.uuid, type: 'ssh', config: own.address, credential: 'good key' }],
      },
    })
    await expect(open('moving')).rejects.toMatchObject({ fault: 'denied' }) // its authorized_keys has another key
    expect((await hostKeysOf(target.uuid)).map(({ port }) => port)).toEqual([sshd.port, own.port])
  })

  test('follows a rotated credential at once', async () => {
    const { username, privateKey } = sshd
    await assets.call(api.credentials.create, {
      body: { name: 'rotating', type: 'ssh_key', secret: { username, privateKey } },
    })
    await assets.addTarget('rotating', { ...sshd.address, credential: 'rotating' })
    await using _first = (await open('rotating')).shell
    await using other = await startSshd()
    await assets.call(api.credentials.rotate, {
      params: { ref: 'rotating' },
      body: { username, privateKey: other.privateKey },
    })
    await expect(open('rotating')).rejects.toMatchObject({ fault: 'denied', phase: 'authentication' })
  })

  test('whose envelope was tampered with is denied, and the message says what to do', async () => {
    await assets.addPassword('tampered')
    await assets.addTarget('tampered', { ...sshd.address, credential: 'tampered' })
    await assets.database.asOwner(
      `update assets.credentials set sealed_secret = set_byte(sealed_secret, 80, 1 # get_byte(sealed_secret, 80)) where name = 'tampered'`,
    )
    await expect(open('tampered')).rejects.toMatchObject({
      fault: 'denied',
      message: expect.stringContaining('"tampered" does not open'),
      details: { started: false },
    })
  })

  test('without a credential, or by a method without a wire, is refused with a reason', async () => {
    await assets.addTarget('bare', sshd.address)
    await expect(open('bare')).rejects.toMatchObject({
      fault: 'denied',
      message: expect.stringContaining('Give it one'),
    })
    await assets.call(api.targets.create, {
      body: { name: 'remote desk', methods: [{ type: 'telnet', config: { host: '127.0.0.1' } }] },
    })
    await expect(open('remote desk')).rejects.toMatchObject({ fault: 'protocol', details: { started: false } })
  })
})

describe('the server itself', () => {
  const openMyself = async (assets: OpenAssets) => {
    await assets.call(api.targets.create, { body: { name: 'myself', methods: [{ type: 'local', config: {} }] } })
    return assets.connections.open(assets.ctx, await requestFor(assets, 'myself'))
  }

  test('is not reached unless that is turned on', async () => {
    await using ssh = createSshWire()
    await using assets = await openAssets({ ssh, local: null })
    await expect(openMyself(assets)).rejects.toMatchObject({
      fault: 'refused',
      message: expect.stringContaining('OPSCONDUCTOR_LOCAL_TRANSPORT'),
    })
  })

  test('runs commands where that is turned on', async () => {
    await using ssh = createSshWire()
    await using assets = await openAssets({ ssh, local: createLocalWire() })
    const { shell, secrets } = await openMyself(assets)
    await using _shell = shell
    expect(secrets).toEqual([])
    expect(await collect(shell, 'echo here')).toMatchObject({ stdout: 'here\n' })
  })
})
