import { api, builtInRoles, type MethodInput } from '@opsconductor/contract'
import { createSshWire, type SshWire } from '@opsconductor/transports'
import { collect, sshdAvailable, startSshd, type Sshd } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenAssets, openAssets } from '../../../../test/assets.ts'
import { contextOf } from '../../../../test/context.ts'

const signal = new AbortController().signal

describe.skipIf(!sshdAvailable('targets behind jump hosts'))('a target behind jump hosts', () => {
  let servers: Record<'outer' | 'inner' | 'end', Sshd>
  let ssh: SshWire
  let assets: OpenAssets
  let drawn = 0
  const unique = (word: string) => `${word}-${++drawn}`

  beforeAll(async () => {
    const [outer, inner, end] = await Promise.all([startSshd(), startSshd(), startSshd()])
    servers = { outer, inner, end }
    ssh = createSshWire({ connectTimeoutMs: 5_000 })
    assets = await openAssets({ ssh, local: null })
    for (const [name, { username, privateKey }] of Object.entries(servers))
      await assets.call(api.credentials.create, {
        body: { name: `${name} key`, type: 'ssh_key', secret: { username, privateKey } },
      })
  })
  afterAll(async () => {
    await assets?.[Symbol.asyncDispose]()
    await ssh?.close()
    await Promise.all(Object.values(servers ?? {}).map((sshd) => sshd.stop()))
  })

  const add = (
    name: string,
    at: keyof typeof servers,
    jumpHosts: string[] = [],
    more: { credential?: string; zone?: string; port?: number } = {},
  ) =>
    assets.call(api.targets.create, {
      body: {
        name,
        ...(more.zone === undefined ? {} : { zone: more.zone }),
        methods: [
          {
            type: 'ssh',
            config: { ...servers[at].address, ...(more.port === undefined ? {} : { port: more.port }), jumpHosts },
            credential: more.credential ?? `${at} key`,
          },
        ],
      },
    })
  const open = async (name: string) => {
    const { found } = await assets.targets.forRun(assets.ctx, [name])
    const [target] = found
    const [method] = target?.methods ?? []
    if (target === undefined || method === undefined) throw new Error(`${name} is not there`)
    const request = { target, method, purpose: 'execution' as const, actorName: 'tester', signal }
    return (await assets.connections.open(assets.ctx, request)).shell
  }
  const tested = async (ref: string) => {
    const { methods } = await assets.call(api.targets.test, { params: { ref } })
    return methods[0]
  }
  const keysOf = async (ref: string) => (await assets.call(api.targets.hostKeys, { params: { ref } })).items
  const logIns = (sshd: Sshd): number => sshd.log().match(/Accepted publickey/g)?.length ?? 0
  const setJumpHosts = async (ref: string, jumpHosts: string[]) => {
    const { methods, uuid } = await assets.call(api.targets.read, { params: { ref } })
    return assets.call(api.targets.update, {
      params: { ref: uuid },
      body: {
        methods: methods.map(({ uuid, type, config, credentials }) => ({
          uuid,
          type,
          config: { ...config, jumpHosts } as MethodInput['config'],
          credentials: credentials.map(({ uuid, isPrimary }) => ({ credential: uuid, isPrimary })),
        })),
      },
    })
  }

  test('is reached through them by name, serial or UUID, and each pins its own host key', async () => {
    const outer = await add(unique('outer'), 'outer')
    const inner = await add(unique('inner'), 'inner')
    const end = await add(unique('end'), 'end', [outer.name.toUpperCase(), inner.serial])
    expect(end.methods[0]).toMatchObject({
      config: { jumpHosts: [outer.uuid, inner.uuid] },
    })
    expect(end.jumpHosts).toEqual([
      { uuid: outer.uuid, serial: outer.serial, name: outer.name, isArchived: false },
      { uuid: inner.uuid, serial: inner.serial, name: inner.name, isArchived: false },
    ])
    await using shell = await open(end.name)
    expect((await collect(shell, 'echo here')).stdout).toBe('here\n')
    for (const [target, sshd] of [
      [outer, servers.outer],
      [inner, servers.inner],
      [end, servers.end],
    ] as const)
      expect(await keysOf(target.uuid)).toMatchObject([{ port: sshd.port, fingerprint: sshd.hostKey().fingerprint }])
    const { items } = await assets.call(api.credentials.uses, { params: { ref: 'outer key' }, query: {} })
    expect(items[0]).toMatchObject({ target: { uuid: outer.uuid }, purpose: 'execution' })
  })

  test('is reached over the jump hosts of its jump host, too', async () => {
    const outer = await add(unique('outer'), 'outer')
    const inner = await add(unique('inner'), 'inner', [outer.uuid])
    const end = await add(unique('end'), 'end', [inner.uuid])
    const [before, between] = [logIns(servers.outer), logIns(servers.inner)]
    await using shell = await open(end.name)
    expect((await collect(shell, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
    expect([logIns(servers.outer) - before, logIns(servers.inner) - between]).toEqual([1, 1])
  })

  test('of many, all share one connection to their jump host, also with that host as a target', async () => {
    const outer = await add(unique('outer'), 'outer')
    const ends = await Promise.all(Array.from({ length: 6 }, () => add(unique('end'), 'end', [outer.uuid])))
    const before = logIns(servers.outer)
    const shells = await Promise.all([outer, ...ends].map(({ name }) => open(name)))
    await Promise.all(shells.map((shell) => collect(shell, 'true')))
    expect(logIns(servers.outer) - before).toBe(1)
    for (const shell of shells) await shell[Symbol.asyncDispose]()
  })

  test('says in its test at which of them it failed', async () => {
    const outer = await add(unique('outer'), 'outer', [], { credential: 'end key' })
    const end = await add(unique('end'), 'end', [outer.uuid])
    expect(await tested(end.uuid)).toMatchObject({
      isOk: false,
      fault: 'denied',
      message: expect.stringContaining('jump host'),
      jumpHost: { uuid: outer.uuid, name: outer.name, phase: 'authentication' },
      phases: expect.arrayContaining([expect.objectContaining({ phase: 'connect', status: 'failed' })]),
    })
    const good = await add(unique('outer'), 'outer')
    const nowhere = await add(unique('end'), 'end', [good.uuid], { port: 1 })
    expect(await tested(nowhere.uuid)).toMatchObject({
      fault: 'refused',
      jumpHost: { name: good.name, phase: null },
    })
    expect(await tested((await add(unique('end'), 'end', [good.uuid])).uuid)).toMatchObject({ isOk: true })
  })

  test('is not reached over one whose host key has changed, and that one is named with what was pinned', async () => {
    await using own = await startSshd()
    const { username, privateKey } = own
    const credential = unique('own key')
    await assets.call(api.credentials.create, {
      body: { name: credential, type: 'ssh_key', secret: { username, privateKey } },
    })
    const outer = await assets.addTarget(unique('outer'), { ...own.address, credential })
    const end = await add(unique('end'), 'end', [outer.uuid])
    await (await open(end.name))[Symbol.asyncDispose]()
    const pinned = own.hostKey().fingerprint
    await own.replaceHostKey(['rsa'])
    expect(await tested(end.uuid)).toMatchObject({
      fault: 'untrusted',
      jumpHost: { uuid: outer.uuid, phase: 'host_key' },
      message: expect.stringContaining(pinned),
    })
    expect(await keysOf(end.uuid)).toMatchObject([{ fingerprint: servers.end.hostKey().fingerprint }])
  })

  test('says so when one of them was archived, has no SSH, or is of another zone', async () => {
    const outer = await add(unique('outer'), 'outer')
    const end = await add(unique('end'), 'end', [outer.uuid])
    await assets.call(api.targets.archive, { params: { ref: outer.uuid } })
    expect(await tested(end.uuid)).toMatchObject({
      isOk: false,
      message: expect.stringContaining(`"${outer.name}" is archived`),
    })
    await expect(open(end.name)).rejects.toMatchObject({ fault: 'refused', details: { started: false } })
    await expect(setJumpHosts(end.uuid, [outer.uuid])).rejects.toMatchObject({
      fields: [{ path: 'methods.0.config.jumpHosts', message: expect.stringContaining('archived') }],
    })

    const local = await assets.call(api.targets.create, {
      body: { name: unique('local'), methods: [{ type: 'local', config: {} }] },
    })
    await expect(add(unique('end'), 'end', [local.uuid])).rejects.toThrow(/no active SSH method/)
    const far = await add(unique('far'), 'outer', [], { zone: 'far' })
    await expect(add(unique('end'), 'end', [far.uuid])).rejects.toThrow(/in the zone far, not default/)
    await expect(add(unique('end'), 'end', ['nobody'])).rejects.toMatchObject({
      fields: [{ path: 'methods.0.config.jumpHosts.0', message: 'there is no target "nobody"' }],
    })
  })

  test('cannot be behind itself, whichever of the ways is changed last', async () => {
    const one = await add(unique('one'), 'outer')
    await expect(setJumpHosts(one.uuid, [one.uuid])).rejects.toThrow(/twice/)
    const two = await add(unique('two'), 'inner', [one.uuid])
    await expect(setJumpHosts(one.uuid, [two.uuid])).rejects.toThrow(/twice/)
    const three = await add(unique('three'), 'end', [two.uuid])
    await expect(setJumpHosts(one.uuid, [three.uuid])).rejects.toThrow(/twice/)
    await expect(add(unique('end'), 'end', [two.uuid, two.uuid])).rejects.toThrow(/twice/)
  })

  test('keeps its way when a jump host is renamed and another machine gets that name', async () => {
    const outer = await add(unique('outer'), 'outer')
    const end = await add(unique('end'), 'end', [outer.name])
    await assets.call(api.targets.update, { params: { ref: outer.uuid }, body: { name: unique('renamed') } })
    await assets.addTarget(outer.name, { host: 'evil.example.org' })
    await using shell = await open(end.name)
    expect((await collect(shell, 'echo here')).stdout).toBe('here\n')
  })

  test('is not led elsewhere, nor its jump hosts’ credentials used, by who may not use the credentials of others', async () => {
    const developer = contextOf(assets.database, { permissions: builtInRoles.developer.permissions, name: 'dev' })
    const outer = await add(unique('outer'), 'outer')
    const end = await add(unique('end'), 'end', [outer.uuid])
    const refused = { code: 'forbidden', message: expect.stringContaining('credentials.use') }
    const own = unique('own')
    await assets.call(api.credentials.create, {
      as: developer,
      body: { name: own, type: 'password', secret: { username: 'dev', password: 'hunter22' } },
    })
    const mine = { type: 'ssh' as const, config: { host: '192.0.2.1' }, credential: own }
    const create = (jumpHosts: string[]) =>
      assets.call(api.targets.create, {
        as: developer,
        body: { name: unique('mine'), methods: [{ ...mine, config: { ...mine.config, jumpHosts } }] },
      })
    await expect(create([outer.uuid])).rejects.toMatchObject({
      ...refused,
      fields: [{ path: 'methods.0.config.jumpHosts' }],
    })
    const evil = await create([])
    const update = (target: typeof end, config: object) =>
      assets.call(api.targets.update, {
        as: developer,
        params: { ref: target.uuid },
        body: {
          methods: target.methods.map(({ uuid, type, config: was, credentials }) => ({
            uuid,
            type,
            config: { ...was, ...config },
            credentials: credentials.map(({ uuid, isPrimary }) => ({ credential: uuid, isPrimary })),
          })),
        },
      })
    await expect(update(end, { jumpHosts: [evil.uuid] })).rejects.toMatchObject(refused)
    await expect(update(end, { jumpHosts: [] })).rejects.toMatchObject(refused)
    await expect(update(outer, { jumpHosts: [evil.uuid] })).rejects.toMatchObject(refused)
    expect(await update(end, { connectTimeoutSec: 5 })).toMatchObject({ name: end.name })

    // an administrator goes through the developer's machine: from then on it stays where it is
    await add(unique('end'), 'end', [evil.uuid])
    await expect(update(evil, { host: '192.0.2.2' })).rejects.toMatchObject(refused)
  })
})
