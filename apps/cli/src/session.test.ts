import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { api } from '@opsconductor/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Refusal, startPeer, type Peer } from './testing/peer.ts'
import { me } from './testing/samples.ts'
import { createWorld } from './testing/world.ts'

let peer: Peer
let world: Awaited<ReturnType<typeof createWorld>>
/** Refresh tokens are good once; a second use ends the session, as the server does it. */
let issued = 0
let isRevoked = false
let refreshes = 0

const tokens = (expiresInSec: number) => {
  issued += 1
  return { accessToken: `access-${issued}`, refreshToken: `refresh-${issued}`, expiresInSec, user: me() }
}

beforeEach(async () => {
  issued = 0
  isRevoked = false
  refreshes = 0
  peer = await startPeer()
  world = await createWorld(peer.url)
  peer.answer(api.auth.login, ({ body }) => {
    if (body.password !== 'correct horse') throw new Refusal('wrong_credentials', 'User name or password is wrong.')
    return tokens(0)
  })
  peer.answer(api.auth.refresh, ({ body }) => {
    refreshes += 1
    if (isRevoked || body?.refreshToken !== `refresh-${issued}`) {
      isRevoked = true
      throw new Refusal('token_revoked', 'The session has ended.')
    }
    return tokens(900)
  })
  peer.answer(api.auth.me, (_input, { headers }) => {
    if (headers.authorization !== `Bearer access-${issued}`) throw new Refusal('token_expired', 'It has expired.')
    return me()
  })
})

afterEach(async () => {
  await peer.stop()
  await world.remove()
})

const logIn = () => world.opsctl(['login', '--username', 'anna', '--password-stdin'], { input: 'correct horse\n' })

test('a log-in is remembered in a file that only its owner can read', async () => {
  const { code, stdout, stderr } = await logIn()
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `Logged in at ${peer.url} as anna.\n`, stderr: '' })
  expect((await stat(world.sessionFile)).mode & 0o777).toBe(0o600)
  expect((await stat(dirname(world.sessionFile))).mode & 0o777).toBe(0o700)
  expect(await readFile(world.sessionFile, 'utf8')).not.toContain('correct horse')
  expect(await readdir(dirname(world.sessionFile))).toEqual(['session.json'])
})

test('a wrong password is exit code 3 and leaves no session', async () => {
  const { code, stderr } = await world.opsctl(['login', '--username', 'anna', '--password-stdin'], { input: 'nope' })
  expect([code, stderr]).toEqual([3, 'opsctl: User name or password is wrong.\n'])
  expect(await readdir(world.folder)).toEqual([])
})

test('at a terminal the name and the password are asked for, and the password is not shown', async () => {
  const { code, stderr } = await world.opsctl(['login'], { typed: 'anna\rcorrect hoorse\u007f\u007f\u007f\u007frse\r' })
  expect(code).toBe(0)
  expect(stderr).toBe(`User name at ${peer.url}: anna\nPassword: \n`)
})

test('a password that must be changed is changed at the log-in', async () => {
  peer.answer(api.auth.login, () => ({ ...tokens(900), user: me({ mustChangePassword: true }) }))
  const changes: unknown[] = []
  peer.answer(api.auth.changePassword, ({ body }) => {
    changes.push(body)
    return me()
  })
  const typed = 'first\rsecond password\rsecond password\r'
  const { code, stdout } = await world.opsctl(['login', '--username', 'anna'], { typed })
  expect([code, stdout]).toEqual([0, `Logged in at ${peer.url} as anna.\n`])
  expect(changes).toEqual([{ currentPassword: 'first', newPassword: 'second password' }])
})

test('two new passwords that differ change nothing', async () => {
  await logIn()
  const typed = 'correct horse\rsecond password\rsecond passwort\r'
  const { code, stderr } = await world.opsctl(['password'], { typed })
  expect([code, stderr]).toEqual([2, expect.stringContaining('The two new passwords differ')])
})

test('a token that is about to expire is renewed first, and only once', async () => {
  await logIn()
  expect((await world.opsctl(['whoami'])).code).toBe(0)
  expect((await world.opsctl(['whoami'])).code).toBe(0)
  expect(refreshes).toBe(1)
})

test('a token that the server finds expired is renewed and the call made again', async () => {
  await logIn()
  await world.opsctl(['whoami'])
  peer.answer(api.auth.me, (_input, { headers }) => {
    if (headers.authorization === 'Bearer access-2') throw new Refusal('token_expired', 'It has expired.')
    return me()
  })
  expect((await world.opsctl(['whoami'])).code).toBe(0)
  expect(refreshes).toBe(2)
})

test('many commands at once renew one after the other, so no token is used twice', async () => {
  await logIn()
  const entry = fileURLToPath(new URL('../bin/opsctl.mjs', import.meta.url))
  const codes = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, [entry, 'whoami', '--url', peer.url], {
        stdio: 'ignore',
        env: { ...process.env, XDG_CONFIG_HOME: world.folder, OPSCONDUCTOR_TOKEN: '' },
      })
      const [code] = (await once(child, 'exit')) as [number]
      return code
    }),
  )
  expect(codes).toEqual([0, 0, 0, 0])
  expect([refreshes, isRevoked]).toEqual([1, false])
})

test.each([
  ['of a process that died', `${hostname()} 999999999 x`, 0],
  ['forgotten on another machine', 'elsewhere 1 x', 120_000],
])('a lock %s is taken over', async (_name, content, ageMs) => {
  await logIn()
  const lock = `${world.sessionFile}.lock`
  await writeFile(lock, content)
  const then = new Date(Date.now() - ageMs)
  await utimes(lock, then, then)
  expect((await world.opsctl(['whoami'])).code).toBe(0)
  expect(await readdir(dirname(world.sessionFile))).toEqual(['session.json'])
})

test('a session that has ended says so, and is forgotten', async () => {
  await logIn()
  isRevoked = true
  const { code, stderr } = await world.opsctl(['whoami'])
  expect(code).toBe(3)
  expect(stderr).toBe(`opsctl: Your session at ${peer.url} has ended\nLog in again with: opsctl login\n`)
  expect((await world.opsctl(['whoami'])).stderr).toContain('Not logged in')
})

test('logging out ends the session at the server', async () => {
  await logIn()
  const ended: unknown[] = []
  peer.answer(api.auth.logout, ({ body }) => void ended.push(body))
  expect((await world.opsctl(['logout'])).code).toBe(0)
  expect(ended).toEqual([{ refreshToken: 'refresh-1' }])
  expect((await world.opsctl(['whoami'])).code).toBe(3)
})

test('a damaged session file is said to be damaged', async () => {
  await mkdir(dirname(world.sessionFile), { recursive: true })
  await writeFile(world.sessionFile, '{"url":')
  const { code, stderr } = await world.opsctl(['whoami'])
  expect([code, stderr]).toEqual([3, expect.stringContaining('is damaged')])
})

test('a token from the environment is used as it is, and never renewed', async () => {
  const env = { OPSCONDUCTOR_TOKEN: 'access-0' }
  expect((await world.opsctl(['whoami'], { env })).code).toBe(0)
  issued = 5
  const { code, stderr } = await world.opsctl(['whoami'], { env })
  expect([code, refreshes]).toEqual([3, 0])
  expect(stderr).toContain('It has expired.')
})

test('the server of the last log-in is the one to talk to', async () => {
  await world.opsctl(['login', '--username', 'anna', '--password-stdin', '--url', `${peer.url}/some/page?x=1`], {
    input: 'correct horse',
    env: { OPSCONDUCTOR_URL: '' },
  })
  const { code, stdout } = await world.opsctl(['whoami', '--json'], { env: { OPSCONDUCTOR_URL: '' } })
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ url: peer.url })])
})
