import { api, builtInRoles, type BuiltInRole, type User } from '@opsconductor/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp, userPassword } from '../../../../test/app.ts'
import { logIn, refusal, refusalCode } from '../../../../test/client.ts'
import { openLive } from '../../../../test/live.ts'
import { until } from '../../../../test/until.ts'

let app: TestApp
beforeAll(async () => {
  app = await startApp({ services: ['gateway'] })
})
afterAll(() => app?.[Symbol.asyncDispose]())

const add = (username: string, role: string, more: object = {}) => ({
  body: { username, password: userPassword, roles: [role], ...more },
})

test('each built-in role has the permissions that the contract gives it', async () => {
  for (const role of Object.keys(builtInRoles) as BuiltInRole[]) {
    const { me } = await app.as(role)
    expect(new Set(me.permissions)).toEqual(new Set(builtInRoles[role].permissions))
  }
  const { items } = await app.admin(api.roles.list, {})
  expect(items.map(({ name }) => name)).toEqual(Object.keys(builtInRoles))
})

test('permissions come in one order, whatever gave them', async () => {
  const { me } = await app.as('operator', 'developer')
  expect(me.permissions).toEqual(me.permissions.toSorted())
  expect((await app.as('developer', 'operator')).me.permissions).toEqual(me.permissions)
})

test('two roles together have the permissions of both', async () => {
  const { me } = await app.as('viewer', 'operator')
  expect(me.permissions).toContain('executions.start')
  expect(new Set(me.permissions).size).toBe(me.permissions.length)
})

test('a user is listed, found, changed and kept in order', async () => {
  for (const name of ['zoe', 'yan', 'xia']) await app.admin(api.users.create, add(name, 'viewer'))
  const first = await app.admin(api.users.list, { query: { limit: 2 } })
  expect(first.items).toHaveLength(2)
  const usernames = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await app.admin(api.users.list, { query: { limit: 2, ...(cursor ? { cursor } : {}) } })
    usernames.push(...page.items.map(({ username }) => username))
    cursor = page.nextCursor
  }
  expect(usernames).toEqual(usernames.toSorted())
  expect(usernames).toEqual(expect.arrayContaining(['xia', 'yan', 'zoe', 'admin']))
  const found = await app.admin(api.users.list, { query: { q: 'ZO' } })
  expect(found.items.map(({ username }) => username)).toEqual(['zoe'])
  const zoe = found.items[0]?.uuid ?? ''
  const changed = await app.admin(api.users.update, {
    params: { ref: zoe },
    body: { displayName: 'Zoë', email: 'zoe@example.org', timeZone: 'Europe/Berlin', preferences: { dark: true } },
  })
  expect(changed).toMatchObject({ displayName: 'Zoë', preferences: { dark: true } })
  expect(await app.admin(api.users.read, { params: { ref: zoe } })).toEqual(changed)
})

test('a user name and an e-mail address belong to one user', async () => {
  await app.admin(api.users.create, add('twin', 'viewer', { email: 'Twin@example.org' }))
  expect(await refusalCode(app.admin(api.users.create, add('TWIN', 'viewer')))).toBe('name_taken')
  expect(await refusalCode(app.admin(api.users.create, add('twin2', 'viewer', { email: 'twin@example.org' })))).toBe(
    'name_taken',
  )
})

test('what is wrong with a new user is said all at once', async () => {
  const { code, fields } = await refusal(
    app.admin(api.users.create, { body: { username: '?', password: 'short', roles: [], isRoot: true } as never }),
  )
  expect(code).toBe('invalid')
  expect(fields?.map(({ path }) => path).toSorted()).toEqual(['isRoot', 'password', 'roles', 'username'])
  const unknown = await refusal(app.admin(api.users.create, add('someone', 'emperor')))
  expect(unknown.detail).toContain('there is no role "emperor"')
})

test('nobody gives more than they have, nor touches who has more', async () => {
  const manager = await app.as('manager')
  expect(await refusalCode(manager(api.users.create, add('climber', 'administrator')))).toBe('forbidden')
  expect(
    await refusalCode(
      manager(api.users.update, { params: { ref: manager.me.uuid }, body: { roles: ['administrator'] } }),
    ),
  ).toBe('forbidden')
  const { uuid } = app.admin.me
  const password = 'a stolen kingdom'
  expect(await refusalCode(manager(api.users.update, { params: { ref: uuid }, body: { password } }))).toBe('forbidden')
  expect(await refusalCode(manager(api.users.deactivate, { params: { ref: uuid } }))).toBe('forbidden')
  expect((await manager(api.users.create, add('helper', 'viewer'))).roles).toEqual(['viewer'])
})

test('the last administrator stays', async () => {
  await using app = await startApp({ services: ['gateway'] })
  const ref = app.admin.me.uuid
  expect(await refusalCode(app.admin(api.users.deactivate, { params: { ref } }))).toBe('conflict')
  for (const body of [{ roles: ['viewer'] }, { status: 'deactivated' as const }]) {
    expect(await refusalCode(app.admin(api.users.update, { params: { ref }, body }))).toBe('conflict')
  }
})

test('of two administrators who deactivate each other one stays', async () => {
  await using app = await startApp({ services: ['gateway'] })
  const second = await app.as('administrator')
  const outcomes = await Promise.allSettled([
    app.admin(api.users.deactivate, { params: { ref: second.me.uuid } }),
    second(api.users.deactivate, { params: { ref: app.admin.me.uuid } }),
  ])
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const rows = await app.database.asOwner(`select username from identity.users where status = 'active'`)
  expect(rows).toHaveLength(1)
})

test('a deactivated user is out at once, and history keeps the name', async () => {
  const user = await app.as('operator')
  const ref = user.me.uuid
  expect((await user(api.auth.me, {})).status).toBe('active')
  expect((await app.admin(api.users.deactivate, { params: { ref } })).status).toBe('deactivated')
  expect(await refusalCode(user(api.auth.me, {}))).toBe('token_revoked')
  expect(await refusalCode(logIn(app.url, user.me.username, userPassword))).toBe('wrong_credentials')
  expect((await app.admin(api.users.read, { params: { ref } })).username).toBe(user.me.username)
  await app.admin(api.users.update, { params: { ref }, body: { status: 'active' } })
  expect((await logIn(app.url, user.me.username, userPassword)).me.uuid).toBe(ref)
})

test('a password set by an administrator must be changed, and ends the sessions', async () => {
  const user = await app.as('viewer')
  const password = 'set by somebody else'
  await app.admin(api.users.update, { params: { ref: user.me.uuid }, body: { password } })
  expect(await refusalCode(user(api.auth.me, {}))).toBe('token_revoked')
  expect((await logIn(app.url, user.me.username, password)).me.mustChangePassword).toBe(true)
})

test('who watches the users is told of each change', async () => {
  await using live = await openLive(app)
  live.subscribe('list', { topic: 'users' })
  live.send({ type: 'ping' })
  await live.until(({ type }) => type === 'pong')
  const changes = () => live.frames.filter((frame) => frame.type === 'changed').length
  const isTold = async (change: () => Promise<unknown>) => {
    const before = changes()
    await change()
    await until(() => changes() > before)
  }
  let user: User
  await isTold(async () => (user = await app.admin(api.users.create, add('watched', 'viewer'))))
  const params = () => ({ ref: user.uuid })
  await isTold(() => app.admin(api.users.update, { params: params(), body: { roles: ['operator'] } }))
  const client = await logIn(app.url, 'watched', userPassword)
  const newPassword = 'chosen by oneself'
  await isTold(() => client(api.auth.changePassword, { body: { currentPassword: userPassword, newPassword } }))
  await isTold(() => client(api.auth.updateMe, { body: { displayName: 'Watched' } }))
  await isTold(() => app.admin(api.users.deactivate, { params: params() }))
  expect(live.frames.filter(({ type }) => type === 'problem')).toEqual([])
})

test('one changes the own profile, and nothing else of oneself', async () => {
  const user = await app.as('guest')
  const changed = await user(api.auth.updateMe, { body: { displayName: 'Gustav', timeZone: 'Asia/Tokyo' } })
  expect(changed).toMatchObject({ displayName: 'Gustav', timeZone: 'Asia/Tokyo' })
  const body = { roles: ['administrator'] } as never
  expect((await refusal(user(api.auth.updateMe, { body }))).fields).toEqual([
    { path: 'roles', message: 'unknown field' },
  ])
  expect((await refusal(user(api.auth.updateMe, { body: { timeZone: 'Mars/Olympus' } }))).code).toBe('invalid')
})

test('a change that changes nothing leaves no audit line', async () => {
  const user = await app.as('guest')
  const lines = (await app.auditLines()).length
  expect(await user(api.auth.updateMe, { body: {} })).toEqual(user.me)
  const before = await app.admin(api.users.read, { params: { ref: user.me.uuid } })
  expect(await app.admin(api.users.update, { params: { ref: user.me.uuid }, body: {} })).toEqual(before)
  expect(await app.auditLines()).toHaveLength(lines)
})

test('no answer and no audit line holds a password or its hash', async () => {
  const { items } = await app.admin(api.users.list, { query: { limit: 200 } })
  const audit = await app.admin(api.audit.list, { query: { limit: 200 } })
  for (const text of [JSON.stringify(items), JSON.stringify(audit)]) {
    expect(text).not.toContain('argon2')
    expect(text).not.toContain(userPassword)
  }
})

test('whoever runs the server replaces a lost password; the sessions end, and the new one must be changed', async () => {
  const lost = await app.as('operator')
  const { username, uuid } = lost.me
  const ctx = app.contextOf('reset-password')
  await app.identity.resetPassword(ctx, username, 'made up by the server')
  expect(await refusalCode(lost(api.auth.me, {}))).toBe('token_revoked')
  expect(await refusalCode(logIn(app.url, username, userPassword))).toBe('wrong_credentials')
  const again = await logIn(app.url, username, 'made up by the server')
  expect(await refusalCode(again(api.jobs.list, { query: {} }))).toBe('password_change_required')
  expect((await app.auditLines()).find(({ action }) => action === 'users.resetPassword')).toMatchObject({
    subjectUuid: uuid,
  })

  await expect(app.identity.resetPassword(ctx, 'nobody', 'made up')).rejects.toThrow('There is no user "nobody".')
  await app.admin(api.users.deactivate, { params: { ref: uuid } })
  await expect(app.identity.resetPassword(ctx, username, 'made up')).rejects.toThrow('is deactivated')
})
