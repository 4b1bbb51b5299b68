import { api } from '@opsconductor/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenAssets, openAssets } from '../../../../test/assets.ts'
import { contextOf } from '../../../../test/context.ts'

let assets: OpenAssets
beforeAll(async () => {
  assets = await openAssets()
})
afterAll(() => assets[Symbol.asyncDispose]())

const ssh = (host: string) => ({ type: 'ssh' as const, config: { host } })

test('a target is made with a serial, a primary method, generated names and an audit line', async () => {
  await assets.addPassword('web login')
  const target = await assets.call(api.targets.create, {
    body: {
      name: 'web-1',
      tags: ['web', 'berlin'],
      attributes: { rack: 12, spare: false },
      methods: [
        { type: 'ssh', config: { host: '192.0.2.10' }, credential: 'Web Login' },
        { type: 'http', name: 'status page', config: { host: '2001:db8::1', port: 8443 }, credential: 'none' },
      ],
    },
  })
  expect(target).toMatchObject({
    serial: expect.stringMatching(/^TGT-\d{4}-000001$/),
    environment: null,
    zone: 'default',
    health: 'unknown',
    revision: 1,
    attributes: { rack: 12, spare: false },
    methods: [
      {
        type: 'ssh',
        name: 'ssh 192.0.2.10:22',
        isPrimary: true,
        priority: 1,
        isActive: true,
        credentials: [{ name: 'web login', isPrimary: true }],
      },
      { name: 'status page', isPrimary: false, priority: 2, credentials: [] },
    ],
  })
  expect((await assets.auditLines()).at(-1)).toMatchObject({
    action: 'targets.create',
    actorName: 'tester',
    subjectName: 'web-1',
    details: { methods: [{ type: 'ssh', host: '192.0.2.10', port: 22, credentials: ['web login'] }, {}] },
  })
  expect(assets.wake.announced).toContain('list targets')
  expect(await assets.call(api.targets.read, { params: { ref: target.serial.toLowerCase() } })).toEqual(target)
  expect(await assets.call(api.targets.read, { params: { ref: target.uuid.toUpperCase() } })).toEqual(target)
})

test('a refused target leaves nothing behind, not even a used serial', async () => {
  const before = await assets.addTarget('serial-before')
  await expect(assets.addTarget('broken', { credential: 'no such login' })).rejects.toMatchObject({
    code: 'invalid',
    fields: [{ path: 'methods.0.credential', message: 'there is no credential "no such login"' }],
  })
  const after = await assets.addTarget('serial-after')
  expect(Number(after.serial.slice(-6))).toBe(Number(before.serial.slice(-6)) + 1)
})

test('names are unique among targets that are not archived, however they are written', async () => {
  const first = await assets.addTarget('Unique')
  await expect(assets.addTarget('uNIQUE')).rejects.toMatchObject({ code: 'name_taken', fields: [{ path: 'name' }] })
  const params = { ref: first.uuid }
  await assets.call(api.targets.archive, { params })
  const second = await assets.addTarget('unique')
  await expect(assets.call(api.targets.restore, { params })).rejects.toMatchObject({ code: 'name_taken' })
  await assets.call(api.targets.update, { params: { ref: second.serial }, body: { name: 'no longer unique' } })
  expect(await assets.call(api.targets.restore, { params })).toMatchObject({ archivedAt: null })
})

test('a name in the form of an identifier is refused', async () => {
  for (const name of ['tgt-2026-000001', '0190a000-0000-7000-8000-000000000000']) {
    await expect(assets.addTarget(name)).rejects.toMatchObject({ code: 'invalid', fields: [{ path: 'name' }] })
  }
})

test('two people who change the same revision: the second is told', async () => {
  const { serial: ref, revision } = await assets.addTarget('contended')
  const rename = (name: string) =>
    assets.call(api.targets.update, { params: { ref }, body: { name }, ifRevision: revision })
  const outcomes = await Promise.allSettled([rename('contended-a'), rename('contended-b')])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'changed_meanwhile' } })
})

test('a change that changes nothing raises no revision and leaves no audit line', async () => {
  const { serial: ref, ...made } = await assets.addTarget('unchanged')
  const lines = await assets.auditLines()
  const update = (body: object) => assets.call(api.targets.update, { params: { ref }, body, ifRevision: made.revision })
  for (const body of [{}, { name: 'unchanged', tags: [] }, { description: '' }])
    expect(await update(body)).toMatchObject({ revision: made.revision, updatedAt: made.updatedAt })
  expect(await assets.auditLines()).toEqual(lines)
  expect((await update({ description: 'changed', tags: [] })).revision).toBe(made.revision + 1)
  await expect(update({})).rejects.toMatchObject({ code: 'changed_meanwhile' })
  expect((await assets.auditLines()).at(-1)?.details).toEqual({ changed: { description: { from: '', to: 'changed' } } })
})

test('methods are kept by UUID, added and removed, and one stays primary', async () => {
  const target = await assets.call(api.targets.create, {
    body: { name: 'methods', methods: [ssh('192.0.2.1'), { ...ssh('192.0.2.2'), name: 'by cable' }] },
  })
  const [first, second] = target.methods
  const update = (methods: object[]) =>
    assets.call(api.targets.update, { params: { ref: target.uuid }, body: { methods: methods as never } })

  const changed = await update([
    { uuid: second?.uuid, ...ssh('192.0.2.22'), isPrimary: true },
    { uuid: first?.uuid, ...ssh('192.0.2.11'), priority: 9 },
  ])
  expect(changed.methods).toMatchObject([
    { uuid: second?.uuid, name: 'by cable', isPrimary: true, priority: 1 },
    { uuid: first?.uuid, name: 'ssh 192.0.2.11:22', isPrimary: false, priority: 9 },
  ])

  const reduced = await update([{ uuid: first?.uuid, ...ssh('192.0.2.11') }])
  expect(reduced.methods).toMatchObject([{ uuid: first?.uuid, isPrimary: true }])
  await expect(update([{ uuid: second?.uuid, ...ssh('192.0.2.22') }])).rejects.toMatchObject({
    fields: [{ path: 'methods.0.uuid' }],
  })
  await expect(update([])).rejects.toMatchObject({ fields: [{ message: 'a target needs at least one method' }] })
  await expect(
    update([
      { ...ssh('a'), isPrimary: true },
      { ...ssh('b'), isPrimary: true },
    ]),
  ).rejects.toMatchObject({
    fields: [{ path: 'methods', message: 'only one method can be primary' }],
  })
})

test('a credential that cannot log in by a method is refused where it stands', async () => {
  await assets.call(api.credentials.create, {
    body: { name: 'chat token', type: 'bearer', secret: { token: 'abcdefgh' } },
  })
  await expect(assets.addTarget('mismatch', { credential: 'chat token' })).rejects.toMatchObject({
    fields: [{ path: 'methods.0.credential', message: expect.stringContaining('SSH takes password') }],
  })
})

test('what is replaced keeps nothing that was not said', async () => {
  const target = await assets.call(api.targets.create, {
    body: { name: 'replaced', location: 'Berlin', tags: ['old'], methods: [ssh('192.0.2.1')] },
  })
  const replaced = await assets.call(api.targets.replace, {
    params: { ref: target.uuid },
    body: { name: 'replaced', methods: [ssh('192.0.2.1')] },
  })
  expect(replaced).toMatchObject({ uuid: target.uuid, serial: target.serial, location: null, tags: [], revision: 2 })
  expect((await assets.auditLines()).at(-1)).toMatchObject({
    action: 'targets.replace',
    details: { changed: { location: { from: 'Berlin', to: null } } },
  })
})

test('an archived target is out of sight, and can be put away and brought back', async () => {
  const { uuid: ref } = await assets.addTarget('put-away')
  expect(await assets.call(api.targets.delete, { params: { ref } })).toMatchObject({ archivedAt: expect.any(String) })
  await expect(
    assets.call(api.targets.update, { params: { ref }, body: { location: 'nowhere' } }),
  ).rejects.toMatchObject({ code: 'conflict' })
  const listed = async (archived: 'true' | 'false') =>
    (await assets.call(api.targets.list, { query: { q: 'put-away', archived } })).items.length
  expect([await listed('false'), await listed('true')]).toEqual([0, 1])
  await assets.call(api.targets.restore, { params: { ref } })
  expect([await listed('false'), await listed('true')]).toEqual([1, 0])
})

test('pages follow one another in every order, each target once', async () => {
  await using own = await openAssets()
  const names = ['delta', 'Alpha', 'charlie', 'Bravo', 'echo']
  for (const name of names) await own.addTarget(name)
  const all = async (sort: 'name' | '-name' | 'createdAt' | '-createdAt') => {
    const found: string[] = []
    let cursor: string | null | undefined
    do {
      const page = await own.call(api.targets.list, { query: { sort, limit: 2, ...(cursor ? { cursor } : {}) } })
      found.push(...page.items.map(({ name }) => name))
      cursor = page.nextCursor
    } while (cursor !== null)
    return found
  }
  const sorted = ['Alpha', 'Bravo', 'charlie', 'delta', 'echo']
  expect(await all('name')).toEqual(sorted)
  expect(await all('-name')).toEqual(sorted.toReversed())
  expect(await all('createdAt')).toEqual(names)
  expect(await all('-createdAt')).toEqual(names.toReversed())

  const { nextCursor } = await own.call(api.targets.list, { query: { limit: 1 } })
  await expect(
    own.call(api.targets.list, { query: { sort: 'createdAt', cursor: nextCursor ?? '' } }),
  ).rejects.toMatchObject({ code: 'invalid', fields: [{ path: 'query.cursor' }] })
  await expect(own.call(api.targets.list, { query: { cursor: 'nonsense' } })).rejects.toMatchObject({ code: 'invalid' })
})

test('a search finds words in name, serial, description, tags and hosts; filters narrow it', async () => {
  await using own = await openAssets()
  const make = (name: string, more: object, host = '192.0.2.1') =>
    own.call(api.targets.create, { body: { name, ...more, methods: [ssh(host)] } })
  const first = await make('db-1', { description: 'Billing 100%', tags: ['postgres'], environment: 'production' })
  await make('web-1', { osType: 'windows', status: 'maintenance', targetType: 'web' }, 'web.example.org')
  const find = async (query: object) => (await own.call(api.targets.list, { query })).items.map(({ name }) => name)
  expect(await find({ q: 'BILLING db' })).toEqual(['db-1'])
  expect(await find({ q: first.serial.toLowerCase() })).toEqual(['db-1'])
  expect(await find({ q: 'postg' })).toEqual(['db-1'])
  expect(await find({ q: 'example.org' })).toEqual(['web-1'])
  expect(await find({ q: '%' })).toEqual(['db-1'])
  expect(await find({ q: 'billing web' })).toEqual([])
  expect(await find({ tag: 'postgres' })).toEqual(['db-1'])
  expect(await find({ environment: 'production' })).toEqual(['db-1'])
  expect(await find({ osType: 'windows', status: 'maintenance', targetType: 'web', health: 'unknown' })).toEqual([
    'web-1',
  ])
})

test('the tags in use are told with how many targets have them, the commonest first', async () => {
  await using own = await openAssets()
  const make = (name: string, tags: string[]) =>
    own.call(api.targets.create, { body: { name, tags, methods: [ssh('192.0.2.1')] } })
  await make('t-1', ['web', 'berlin', 'web'])
  await make('t-2', ['web', 'Berlin'])
  const { uuid: ref } = await make('t-3', ['gone'])
  await own.call(api.targets.archive, { params: { ref } })
  const tags = async (query: object) => (await own.call(api.targets.tags, { query })).items
  expect(await tags({})).toEqual([
    { tag: 'web', targets: 2 },
    { tag: 'Berlin', targets: 1 },
    { tag: 'berlin', targets: 1 },
  ])
  expect(await tags({ q: 'BER' })).toHaveLength(2)
  expect(await tags({ limit: 1 })).toEqual([{ tag: 'web', targets: 2 }])
  const as = contextOf(own.database, { permissions: [] })
  await expect(own.call(api.targets.tags, { as, query: {} })).rejects.toMatchObject({ code: 'forbidden' })
})

test('nobody does what their permissions do not say', async () => {
  const { uuid: ref } = await assets.addTarget('guarded')
  const as = contextOf(assets.database, { permissions: ['targets.read'] })
  const params = { ref }
  expect(await assets.call(api.targets.read, { as, params })).toMatchObject({ name: 'guarded' })
  const forbidden = { code: 'forbidden' }
  await expect(assets.call(api.targets.update, { as, params, body: {} })).rejects.toMatchObject(forbidden)
  await expect(assets.call(api.targets.archive, { as, params })).rejects.toMatchObject(forbidden)
  await expect(assets.call(api.targets.test, { as, params })).rejects.toMatchObject(forbidden)
  const method = '0190a000-0000-7000-8000-000000000000'
  await expect(assets.call(api.targets.forgetHostKeys, { as, params: { ref, method } })).rejects.toMatchObject(
    forbidden,
  )
})

test('an execution resolves UUIDs, serials and names in the order given, each target once', async () => {
  await using own = await openAssets()
  await own.addPassword('login')
  const a = await own.addTarget('Änderung', { credential: 'login' })
  const b = await own.call(api.targets.create, {
    body: {
      name: 'b',
      zone: 'dmz',
      methods: [
        { ...ssh('192.0.2.3'), isActive: false },
        { ...ssh('192.0.2.1'), priority: 5 },
        { ...ssh('192.0.2.2'), isPrimary: true, priority: 7, credential: 'none' },
      ],
    },
  })
  const gone = await own.addTarget('gone')
  await own.call(api.targets.archive, { params: { ref: gone.uuid } })

  const refs = ['B', 'änderung', a.serial.toLowerCase(), a.uuid.toUpperCase(), 'gone', gone.uuid, 'no\0name', b.serial]
  const { found, missing } = await own.targets.forRun(own.ctx, refs)
  expect(found.map(({ name }) => name)).toEqual(['b', 'Änderung'])
  expect(missing).toEqual(['gone', gone.uuid, 'no\0name'])
  expect(found[0]).toMatchObject({
    zone: 'dmz',
    methods: [{ host: '192.0.2.2', credential: null }, { host: '192.0.2.1' }],
  })
  expect(found[0]?.methods).toHaveLength(2)
  expect(found[1]?.methods).toMatchObject([
    { type: 'ssh', port: 22, connectTimeoutSec: null, credential: { name: 'login', secretVersion: 1 } },
  ])
  expect(await own.targets.forRun(own.ctx, [])).toEqual({ found: [], missing: [] })
  expect(await own.targets.counts(own.ctx)).toEqual({ total: 2, healthy: 0, warning: 0, critical: 0, unknown: 2 })
})
