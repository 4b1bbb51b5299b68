import { api, builtInRoles, type MethodInput, type Permission, type Target } from '@opsconductor/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OpenAssets, openAssets } from '../../../../test/assets.ts'
import { contextOf } from '../../../../test/context.ts'
import type { Context } from '../../../kernel/context.ts'

let assets: OpenAssets
let developer: Context
let drawn = 0
const unique = (word: string) => `${word}-${++drawn}`

beforeAll(async () => {
  assets = await openAssets()
  developer = contextOf(assets.database, { permissions: builtInRoles.developer.permissions, name: 'dev' })
})
afterAll(() => assets?.[Symbol.asyncDispose]())

const change = (as: Context, { uuid: ref }: Target, body: object) =>
  assets.call(api.targets.update, { as, params: { ref }, body })
/** A method as a form sends it back, with what is to be different. */
const sent = (target: Target, more: object = {}): MethodInput => {
  const [method] = target.methods
  if (method === undefined) throw new Error('it has no method')
  const { credentials, config, ...rest } = method
  return {
    ...rest,
    config,
    credentials: credentials.map(({ uuid, isPrimary }) => ({ credential: uuid, isPrimary })),
    ...more,
  }
}
/** What the answer says is missing; null when it was not refused. */
const missing = async (asked: Promise<unknown>): Promise<string | null> => {
  try {
    await asked
    return null
  } catch (error) {
    expect(error).toMatchObject({ code: 'forbidden' })
    return /permission (\S+?)[.:,]? /.exec((error as Error).message)?.[1] ?? (error as Error).message
  }
}

test('the roles that may use the credentials of others are administrator and manager', () => {
  const holding = (name: Permission) =>
    Object.entries(builtInRoles).flatMap(([role, { permissions }]) =>
      (permissions as readonly Permission[]).includes(name) ? [role] : [],
    )
  expect(holding('credentials.use')).toEqual(['administrator', 'manager'])
  expect(holding('targets.trust')).toEqual(['administrator', 'manager'])
})

describe('somebody who may change targets, but not use the credentials of others,', () => {
  let secret: string
  let target: Target
  beforeEach(async () => {
    secret = unique('root')
    await assets.addPassword(secret)
    target = await assets.addTarget(unique('server'), { host: '192.0.2.1', credential: secret })
  })

  test('cannot send one to a machine of theirs: neither by a new target nor by a new method', async () => {
    const evil = { type: 'ssh' as const, config: { host: 'evil.example.org' } }
    for (const methods of [
      [{ ...evil, credential: secret }],
      [{ ...evil, credentials: [{ credential: secret, isPrimary: false }] }],
    ]) {
      const body = { name: unique('mine'), methods }
      expect(await missing(assets.call(api.targets.create, { as: developer, body }))).toBe('credentials.use')
      const own = await assets.call(api.targets.create, {
        as: developer,
        body: { name: unique('mine'), methods: [evil] },
      })
      expect(await missing(change(developer, own, { methods }))).toBe('credentials.use')
      const put = assets.call(api.targets.replace, {
        as: developer,
        params: { ref: own.uuid },
        body: { name: own.name, methods },
      })
      expect(await missing(put)).toBe('credentials.use')
    }
  })

  test('cannot lead a method that has one elsewhere', async () => {
    for (const more of [
      { config: { host: 'evil.example.org' } },
      { config: { host: '192.0.2.1', port: 2222 } },
      { type: 'http' },
      { config: { host: '192.0.2.1', proxy: 'evil.example.org' } },
      { uuid: undefined },
    ]) {
      expect([more, await missing(change(developer, target, { methods: [sent(target, more)] }))]).toEqual([
        more,
        'credentials.use',
      ])
    }
    expect(await missing(change(developer, target, { zone: 'theirs' }))).toBe('credentials.use')
  })

  test('can change everything else, and take a credential away', async () => {
    const kept = { methods: [sent(target, { name: 'by cable', config: { host: '192.0.2.1', port: 22 } })] }
    expect(await missing(change(developer, target, { ...kept, location: 'Berlin', zone: 'default' }))).toBeNull()
    const patient = { config: { host: '192.0.2.1', connectTimeoutSec: 5 } }
    expect(await missing(change(developer, target, { methods: [sent(target, patient)] }))).toBeNull()
    const bare = { credentials: [], config: { host: '192.0.2.2' } }
    expect(await missing(change(developer, target, { methods: [sent(target, { credentials: [] })] }))).toBeNull()
    expect(await missing(change(developer, target, { methods: [sent(target, bare)] }))).toBeNull()
  })

  test('can use one whose secret they entered themselves, until somebody else enters a new one', async () => {
    const name = unique('own')
    const login = { username: 'dev', password: 'hunter22' }
    const { uuid: ref } = await assets.call(api.credentials.create, {
      as: developer,
      body: { name, type: 'password', secret: login },
    })
    const methods = [{ type: 'ssh' as const, config: { host: '192.0.2.7' }, credential: name }]
    const own = await assets.call(api.targets.create, { as: developer, body: { name: unique('own'), methods } })
    const moved = await change(developer, own, { methods: [sent(own, { config: { host: '192.0.2.8' } })] })
    await assets.call(api.credentials.rotate, { params: { ref }, body: { ...login, password: 'a new one' } })
    const again = change(developer, moved, { methods: [sent(moved, { config: { host: '192.0.2.9' } })] })
    expect(await missing(again)).toBe('credentials.use')
  })

  test('is told which credential it is about, and nothing has changed', async () => {
    const asked = change(developer, target, { location: 'x', methods: [sent(target, { config: { host: 'evil' } })] })
    await expect(asked).rejects.toThrow(secret)
    expect(await assets.call(api.targets.read, { params: { ref: target.uuid } })).toEqual(target)
  })
})

test('who may use credentials gives a target one of those there are', async () => {
  const manager = contextOf(assets.database, { permissions: builtInRoles.manager.permissions })
  const name = unique('shared')
  await assets.addPassword(name)
  const target = await assets.call(api.targets.create, {
    as: manager,
    body: { name: unique('new'), methods: [{ type: 'ssh', config: { host: '192.0.2.5' }, credential: name }] },
  })
  expect(await missing(change(manager, target, { methods: [sent(target, { config: { host: 'b' } })] }))).toBeNull()
})

describe('a method with a pinned host key', () => {
  let target: Target
  let mayUse: Context
  beforeEach(async () => {
    mayUse = contextOf(assets.database, { permissions: ['targets.read', 'targets.update', 'credentials.use'] })
    target = await assets.addTarget(unique('pinned'), { host: '192.0.2.1' })
    await assets.database.asOwner(`insert into assets.host_keys
      (method_id, host, port, algorithm, key, fingerprint, pinned_by)
      select id, '192.0.2.1', 22, 'ssh-ed25519', 'key', 'SHA256:x', 'test'
      from assets.methods where uuid = '${target.methods[0]?.uuid}'`)
  })

  test('keeps its address and its identity, unless one may trust keys', async () => {
    for (const methods of [
      [sent(target, { config: { host: '192.0.2.2' } })],
      [sent(target, { config: { host: '192.0.2.1', port: 23 } })],
      [sent(target, { type: 'sftp' })],
      [sent(target, { uuid: undefined })],
      [{ type: 'http', config: { host: '192.0.2.1' } }],
    ]) {
      expect([methods, await missing(change(mayUse, target, { methods }))]).toEqual([methods, 'targets.trust'])
    }
    const put = assets.call(api.targets.replace, {
      as: mayUse,
      params: { ref: target.uuid },
      body: { name: target.name, methods: [{ type: 'ssh', config: { host: '192.0.2.1' } }] },
    })
    expect(await missing(put)).toBe('targets.trust')
    expect(await missing(change(mayUse, target, { methods: [sent(target, { name: 'by cable' })] }))).toBeNull()
    expect(
      await missing(change(assets.ctx, target, { methods: [sent(target, { config: { host: '192.0.2.2' } })] })),
    ).toBeNull()
  })

  test('whose key is forgotten is as any other', async () => {
    const params = { ref: target.uuid, method: target.methods[0]?.uuid ?? '' }
    await assets.call(api.targets.forgetHostKeys, { params })
    expect(
      await missing(change(mayUse, target, { methods: [sent(target, { config: { host: '192.0.2.2' } })] })),
    ).toBeNull()
  })
})
