import { api, createCall } from '@opsconductor/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminPassword, startApp, type TestApp, userPassword } from '../../../../test/app.ts'
import { refusal, refusalCode } from '../../../../test/client.ts'

let app: TestApp
beforeAll(async () => {
  // what stands in X-Forwarded-For counts as the client's address
  app = await startApp({ services: ['gateway'], settings: { TRUSTED_PROXIES: '127.0.0.1,::1' } })
})
afterAll(() => app?.[Symbol.asyncDispose]())

const login = (username: string, password: string, address: string) =>
  createCall({ origin: app.url, headers: () => ({ 'x-forwarded-for': address }) })(api.auth.login, {
    body: { username, password },
  })
const newUser = async () => (await app.as('viewer')).me.username
/** Some wrong guesses, one after the other. @returns what was answered each time */
const guess = async (username: string, address: string, times: number) => {
  const answers = []
  for (let number = 1; number <= times; number++)
    answers.push(await refusalCode(login(username, `guess ${number}`, address)))
  return answers
}
const wrong = (times: number) => Array.from({ length: times }, () => 'wrong_credentials')

test('after five failures from an address the name is locked there, also for the right password', async () => {
  const username = await newUser()
  expect(await guess(username, '192.0.2.1', 5)).toEqual(wrong(5))
  const { code, status, detail } = await refusal(login(username, userPassword, '192.0.2.1'))
  expect([code, status]).toEqual(['locked_out', 429])
  expect(detail).toMatch(/Try again after \d{4}-/)
  await app.database.asOwner(`update identity.login_failures set latest_at = latest_at - interval '15 minutes'`)
  expect((await login(username, userPassword, '192.0.2.1')).user.username).toBe(username)
})

test('a name that nobody has is answered just as one that somebody has, however often', async () => {
  const answers = async (username: string) => {
    const all = []
    for (let number = 1; number <= 7; number++) {
      const { requestId: _, detail, ...rest } = await refusal(login(username, 'a guess', '192.0.2.2'))
      all.push({ ...rest, detail: detail.replace(/after \S+Z/, 'after <time>') })
    }
    return all
  }
  const known = await answers(await newUser())
  expect(known.map(({ code }) => code)).toEqual([...wrong(5), 'locked_out', 'locked_out'])
  expect(await answers('nobody-of-this-name')).toEqual(known)
})

test('a stranger cannot lock the administrator out from another address', async () => {
  await guess('admin', '198.51.100.66', 8)
  expect(await refusalCode(login('admin', adminPassword, '198.51.100.66'))).toBe('locked_out')
  expect((await login('admin', adminPassword, '192.0.2.3')).user.username).toBe('admin')
})

test('guesses at the same moment are all counted', async () => {
  const username = await newUser()
  await Promise.all(Array.from({ length: 5 }, () => refusalCode(login(username, 'a guess', '192.0.2.4'))))
  expect(await refusalCode(login(username, userPassword, '192.0.2.4'))).toBe('locked_out')
})

test('of many guesses at the same moment no more than five are answered', async () => {
  const username = await newUser()
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => refusalCode(login(username, 'a guess', '192.0.2.5'))),
  )
  expect(answers.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'locked_out'), ...wrong(5)])
})

test('a log-in that succeeds begins the count anew', async () => {
  const username = await newUser()
  await guess(username, '192.0.2.6', 4)
  await login(username, userPassword, '192.0.2.6')
  expect(await guess(username, '192.0.2.6', 5)).toEqual(wrong(5))
})

test('an IPv6 network is one address, and an IPv4 address in the form of IPv6 is itself', async () => {
  const username = await newUser()
  for (let host = 1; host <= 5; host++) await guess(username, `2001:db8:1:2::${host}`, 1)
  expect(await refusalCode(login(username, userPassword, '2001:db8:1:2:ffff::1'))).toBe('locked_out')
  expect((await login(username, userPassword, '2001:db8:1:3::1')).user.username).toBe(username)
  await guess(username, '::ffff:192.0.2.7', 5)
  expect(await refusalCode(login(username, userPassword, '192.0.2.7'))).toBe('locked_out')
  expect((await login(username, userPassword, '::ffff:192.0.2.8')).user.username).toBe(username)
})

test('guesses from everywhere lock a name everywhere, but for where its owner logged in before', async () => {
  const username = await newUser()
  await login(username, userPassword, '192.0.2.9')
  for (const name of [username, 'also-nobody']) {
    await app.database.asOwner(`insert into identity.login_failures (name, network, failures, latest_at)
      select '${name}', '203.0.113.' || number, 5, now() from generate_series(1, 20) as number`)
    expect(await refusalCode(login(name, userPassword, '192.0.2.10'))).toBe('locked_out')
  }
  expect((await login(username, userPassword, '192.0.2.9')).user.username).toBe(username)
})

test('the current password is guessed no more often by who is in, and with it the log-in is locked', async () => {
  const username = await newUser()
  const address = '192.0.2.13'
  const { accessToken } = await login(username, userPassword, address)
  const headers = () => ({ authorization: `Bearer ${accessToken}`, 'x-forwarded-for': address })
  const change = (currentPassword: string) =>
    createCall({ origin: app.url, headers })(api.auth.changePassword, {
      body: { currentPassword, newPassword: 'another long password' },
    })
  for (let number = 1; number <= 5; number++) expect(await refusalCode(change(`guess ${number}`))).toBe('invalid')
  expect(await refusal(change(userPassword))).toMatchObject({ code: 'locked_out', status: 429 })
  expect(await refusalCode(login(username, userPassword, address))).toBe('locked_out')
  const lines = (await app.auditLines()).filter(({ subjectName }) => subjectName === username)
  expect(lines.at(-1)).toMatchObject({ action: 'auth.changePassword', details: { refused: true, lockedOut: true } })
  await app.database.asOwner(`update identity.login_failures set latest_at = latest_at - interval '15 minutes'`)
  expect((await change(userPassword)).username).toBe(username)
})

test('a failure that locks says so in the audit trail, and failures are forgotten in time', async () => {
  const username = await newUser()
  await guess(username, '192.0.2.11', 5)
  const lines = (await app.auditLines()).filter(({ subjectName }) => subjectName === username).slice(-2)
  expect(lines.map(({ details }) => (details as { lockedOut?: boolean }).lockedOut)).toEqual([undefined, true])
  await app.database.asOwner(`update identity.login_failures set latest_at = now() - interval '16 minutes'`)
  await guess('nobody', '192.0.2.12', 1)
  expect(await app.database.asOwner('select name from identity.login_failures')).toEqual([{ name: 'nobody' }])
})
