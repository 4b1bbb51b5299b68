import { api, createCall, refreshCookieName } from '@opsconductor/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp, userPassword } from '../../../../test/app.ts'
import { logIn, refusal, refusalCode } from '../../../../test/client.ts'
import { forge, tokenKey } from '../../../../test/forge.ts'

let app: TestApp
beforeAll(async () => {
  app = await startApp({ services: ['gateway'] })
})
afterAll(() => app?.[Symbol.asyncDispose]())

const nobody = () => createCall({ origin: app.url })
const login = (username: string, password = userPassword) =>
  nobody()(api.auth.login, { body: { username, password, refreshTokenIn: 'body' } })
const refresh = (refreshToken: string | undefined) =>
  nobody()(api.auth.refresh, { body: { refreshToken: refreshToken ?? '' } })
const clientOf = (accessToken: string) =>
  createCall({ origin: app.url, headers: () => ({ authorization: `Bearer ${accessToken}` }) })
const isAlive = (accessToken: string) =>
  clientOf(accessToken)(api.auth.verify, {}).then(
    () => true,
    () => false,
  )
const newUser = async () => (await app.as('viewer')).me.username

/** As a browser asks: with the cookie, and the header that only our own code can set. */
const byCookie = (path: string, cookie: string, headers: Record<string, string> = { 'x-opsconductor-request': '1' }) =>
  fetch(`${app.url}/api/v1/auth/${path}`, { method: 'POST', headers: { cookie, ...headers } })
const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
const loginForCookie = async (username: string) => {
  const answer = await fetch(`${app.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: userPassword }),
  })
  return { answer, cookie: cookieOf(answer) }
}

test('a log-in gives an access token that says who one is', async () => {
  const { accessToken, expiresInSec, user } = await login(await newUser())
  const { user: me, valid, expiresAt } = await clientOf(accessToken)(api.auth.verify, {})
  expect(valid).toBe(true)
  expect(me.uuid).toBe(user.uuid)
  expect(Math.abs(Date.parse(expiresAt) - Date.now() - expiresInSec * 1000)).toBeLessThan(5_000)
})

test('upper case and blanks around the user name do not matter', async () => {
  const username = await newUser()
  expect((await login(` ${username.toUpperCase()} `)).user.username).toBe(username)
})

test('a wrong password and a user who does not exist are refused alike', async () => {
  const wrong = await refusal(login(await newUser(), 'not the password'))
  const unknown = await refusal(login('nobody-of-this-name'))
  expect({ ...wrong, requestId: '' }).toEqual({ ...unknown, requestId: '' })
  expect(wrong).toMatchObject({ status: 401, code: 'wrong_credentials' })
})

test('a refused log-in is in the audit trail, without the password', async () => {
  const username = await newUser()
  await refusalCode(login(username, 'a secret guess'))
  const lines = await app.auditLines()
  expect(lines.at(-1)).toMatchObject({ action: 'auth.login', details: { refused: true, username } })
  expect(JSON.stringify(lines)).not.toContain('a secret guess')
})

test('refreshing gives a new pair of tokens and spends the old one', async () => {
  const first = await login(await newUser())
  const second = await refresh(first.refreshToken)
  const third = await refresh(second.refreshToken)
  expect(new Set([first.refreshToken, second.refreshToken, third.refreshToken]).size).toBe(3)
  expect(await isAlive(third.accessToken)).toBe(true)
})

test('a refresh token that is used again ends its whole family', async () => {
  const first = await login(await newUser())
  const second = await refresh(first.refreshToken)
  expect(await isAlive(second.accessToken)).toBe(true)
  expect(await refusalCode(refresh(first.refreshToken))).toBe('token_revoked')
  expect(await refusalCode(refresh(second.refreshToken))).toBe('token_revoked')
  expect(await isAlive(second.accessToken)).toBe(false)
  const lines = await app.auditLines()
  expect(lines.some(({ action, details }) => action === 'auth.refresh' && isRefused(details))).toBe(true)
})

const isRefused = (details: unknown) => (details as { refused?: boolean }).refused === true

test('a refresh token nobody gave out is refused', async () => {
  expect(await refusalCode(refresh('made up'))).toBe('token_revoked')
  expect(await refusalCode(nobody()(api.auth.refresh, { body: {} }))).toBe('unauthenticated')
})

test('the cookie is hidden from scripts and from other sites', async () => {
  const { answer } = await loginForCookie(await newUser())
  const cookie = answer.headers.getSetCookie()[0] ?? ''
  expect(cookie).toContain(`${refreshCookieName}=`)
  expect(cookie).toMatch(/; Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict$/)
  expect(await answer.json()).not.toHaveProperty('refreshToken')
})

test('a request by cookie alone needs the header', async () => {
  const { cookie } = await loginForCookie(await newUser())
  expect((await byCookie('refresh', cookie, {})).status).toBe(403)
  expect((await byCookie('logout', cookie, {})).status).toBe(403)
  expect((await byCookie('refresh', cookie)).status).toBe(200)
})

test('two tabs that refresh at once: the second gets 409 and no token, and nothing is revoked', async () => {
  const { cookie } = await loginForCookie(await newUser())
  const answers = await Promise.all([byCookie('refresh', cookie), byCookie('refresh', cookie)])
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]))
  const [won, lost] = answers.toSorted((a, b) => a.status - b.status)
  expect(await lost?.json()).toMatchObject({ code: 'refresh_in_progress' })
  expect(lost?.headers.getSetCookie()).toEqual([])
  expect((await byCookie('refresh', cookieOf(won as Response))).status).toBe(200)
})

test('the just-replaced cookie counts as reused when the ten seconds are over', async () => {
  const { cookie } = await loginForCookie(await newUser())
  const next = cookieOf(await byCookie('refresh', cookie))
  await app.database.asOwner(`update identity.refresh_tokens set spent_at = spent_at - interval '11 seconds'`)
  expect((await byCookie('refresh', cookie)).status).toBe(401)
  expect((await byCookie('refresh', next)).status).toBe(401)
})

test('logging out ends the session at once and takes the cookie away', async () => {
  const { answer, cookie } = await loginForCookie(await newUser())
  const { accessToken } = (await answer.json()) as { accessToken: string }
  expect(await isAlive(accessToken)).toBe(true)
  const out = await byCookie('logout', cookie)
  expect(out.status).toBe(204)
  expect(out.headers.getSetCookie()[0]).toMatch(/Expires=Thu, 01 Jan 1970/)
  expect(await isAlive(accessToken)).toBe(false)
  expect((await byCookie('refresh', cookie)).status).toBe(401)
})

test('logging out with nothing but an access token ends its session', async () => {
  const username = await newUser()
  const here = await login(username)
  const elsewhere = await login(username)
  await clientOf(here.accessToken)(api.auth.logout, { body: undefined })
  expect(await isAlive(here.accessToken)).toBe(false)
  expect(await isAlive(elsewhere.accessToken)).toBe(true)
})

test('logging out with an access token needs no header, also where the browser sends its cookie along', async () => {
  const { answer, cookie } = await loginForCookie(await newUser())
  const { accessToken } = (await answer.json()) as { accessToken: string }
  const out = await byCookie('logout', cookie, { authorization: `Bearer ${accessToken}` })
  expect(out.status).toBe(204)
  expect(await isAlive(accessToken)).toBe(false)
})

test('revoke-all ends all of my sessions at once, and nobody else’s', async () => {
  const username = await newUser()
  const [one, two, other] = await Promise.all([login(username), login(username), login(await newUser())])
  expect(await Promise.all([one, two, other].map(({ accessToken }) => isAlive(accessToken)))).toEqual([
    true,
    true,
    true,
  ])
  // the session of newUser() itself is the third
  expect(await clientOf(one.accessToken)(api.auth.revokeAll, { body: {} })).toEqual({ revokedSessions: 3 })
  expect(await Promise.all([one, two, other].map(({ accessToken }) => isAlive(accessToken)))).toEqual([
    false,
    false,
    true,
  ])
})

test('I see my sessions and can end one of them', async () => {
  const username = await newUser()
  const one = await login(username)
  const two = await login(username)
  const { items } = await clientOf(two.accessToken)(api.auth.sessions, {})
  expect(items).toHaveLength(3)
  expect(items.filter(({ isCurrent }) => isCurrent)).toHaveLength(1)
  const { session } = await clientOf(one.accessToken)(api.auth.verify, {})
  await clientOf(two.accessToken)(api.auth.revokeSession, { params: { ref: session } })
  expect(await isAlive(one.accessToken)).toBe(false)
  expect(await isAlive(two.accessToken)).toBe(true)
})

test('somebody else’s session cannot be ended, nor seen to exist', async () => {
  const mine = await app.as('viewer')
  const theirs = await login(await newUser())
  const { session } = await clientOf(theirs.accessToken)(api.auth.verify, {})
  expect(await refusalCode(mine(api.auth.revokeSession, { params: { ref: session } }))).toBe('not_found')
  expect(await isAlive(theirs.accessToken)).toBe(true)
})

test('an expired, a foreign and a tampered token are refused, each with its reason', async () => {
  const user = await app.as('viewer')
  const key = tokenKey(app)
  const codeOf = (token: string) => refusalCode(clientOf(token)(api.auth.me, {}))
  expect(await isAlive(await forge(user, key))).toBe(true)
  const past = Math.floor(Date.now() / 1000) - 60
  expect(await codeOf(await forge(user, key, (token) => token.setExpirationTime(past)))).toBe('token_expired')
  expect(await codeOf(await forge(user, Buffer.alloc(32, 1)))).toBe('unauthenticated')
  expect(await codeOf(await forge(user, key, (token) => token.setAudience('another')))).toBe('unauthenticated')
  expect(await codeOf(await forge(user, key, (token) => token.setSubject(app.admin.me.uuid)))).toBe('token_revoked')
  const [head, body] = user.accessToken.split('.')
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`
  expect(await codeOf(unsigned)).toBe('unauthenticated')
  expect(await codeOf(`${head}.${body}.AAAA`)).toBe('unauthenticated')
})

test('with a password to be changed one can do nothing but change it', async () => {
  const username = 'newcomer'
  await app.admin(api.users.create, { body: { username, password: userPassword, roles: ['administrator'] } })
  const user = await logIn(app.url, username, userPassword)
  expect(user.me.mustChangePassword).toBe(true)
  const { code, status } = await refusal(user(api.targets.list, { query: {} }))
  expect([code, status]).toEqual(['password_change_required', 403])
  expect((await user(api.auth.me, {})).username).toBe(username)
  const changed = { currentPassword: userPassword, newPassword: 'a new and long one' }
  expect((await user(api.auth.changePassword, { body: changed })).mustChangePassword).toBe(false)
  expect((await user(api.targets.list, { query: {} })).items).toEqual([])
  expect(await refusalCode(login(username))).toBe('wrong_credentials')
})

test('changing the password ends my other sessions and keeps this one', async () => {
  const user = await app.as('viewer')
  const other = await login(user.me.username)
  expect(await isAlive(other.accessToken)).toBe(true)
  const wrong = await refusal(
    user(api.auth.changePassword, { body: { currentPassword: 'wrong', newPassword: 'a new and long one' } }),
  )
  expect(wrong.fields).toEqual([{ path: 'currentPassword', message: 'is wrong' }])
  await user(api.auth.changePassword, {
    body: { currentPassword: userPassword, newPassword: 'a new and long one' },
  })
  expect(await isAlive(other.accessToken)).toBe(false)
  expect(await isAlive(user.accessToken)).toBe(true)
})

test('an administrator ends everybody’s sessions at once; others may not', async () => {
  await using app = await startApp({ services: ['gateway'] })
  const viewer = await app.as('viewer')
  const everyone = { body: { everyone: true } }
  expect(await refusalCode((await app.as('manager'))(api.auth.revokeAll, everyone))).toBe('forbidden')
  expect((await app.admin(api.auth.revokeAll, everyone)).revokedSessions).toBe(3)
  expect(await refusalCode(viewer(api.auth.me, {}))).toBe('token_revoked')
  expect(await refusalCode(app.admin(api.auth.me, {}))).toBe('token_revoked')
})

test('log-in is limited per address, and says so', async () => {
  await using app = await startApp({ services: ['gateway'], settings: { LOGINS_PER_MINUTE: '3' } })
  const guess = () => createCall({ origin: app.url })(api.auth.login, { body: { username: 'x', password: 'y' } })
  // the administrator's own log-in was the first
  expect(await refusalCode(guess())).toBe('wrong_credentials')
  expect(await refusalCode(guess())).toBe('wrong_credentials')
  const { code, status } = await refusal(guess())
  expect([code, status]).toEqual(['rate_limited', 429])
  expect((await app.admin(api.auth.me, {})).username).toBe('admin')
})
