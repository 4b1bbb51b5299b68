/** The program as somebody starts it for the first time, root or not. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chown, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { api } from '@opsconductor/contract'
import { until } from '@opsconductor/transports/testing'
import { describe, expect, test } from 'vitest'
import { logIn, problemOf, rawOutput, untilEnded } from './kit/client.ts'
import { makeDataDir } from './kit/house.ts'
import { processesOf } from './kit/leftovers.ts'
import { startServer } from './kit/server.ts'

const nobody = 65_534
const main = fileURLToPath(new URL('../apps/server/src/main.ts', import.meta.url))
/** Only root can become somebody else; and that somebody must be let into this checkout. */
const canBeNobody =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['-e', `fs.accessSync(${JSON.stringify(main)})`], { uid: nobody, gid: nobody }).status ===
    0
if (process.getuid?.() === 0 && !canBeNobody)
  process.stderr.write('LEFT OUT: a start as an ordinary user, who cannot reach this checkout\n')

const accounts = [
  ...(process.platform === 'win32' ? [] : [{ who: 'whoever runs the tests', uid: undefined }]),
  ...(canBeNobody ? [{ who: 'an ordinary user', uid: nobody }] : []),
]

describe.each(accounts)('started by $who with --demo', ({ uid }) => {
  test('a job runs on the machine itself, and after the end nothing is left', async () => {
    const dataDir = await makeDataDir()
    if (uid !== undefined) await chown(dataDir, uid, uid)
    const server = await startServer({ dataDir, args: ['--demo'], ...(uid === undefined ? {} : { uid }) })
    const { url, password = '' } = server
    const first = await logIn(url, 'admin', password)
    // the printed password is good for nothing but choosing another
    expect(await problemOf(first.call(api.jobs.list, { query: {} }))).toMatchObject({
      code: 'password_change_required',
    })
    await first.call(api.auth.changePassword, { body: { currentPassword: password, newPassword: 'three short words' } })
    const client = await logIn(url, 'admin', 'three short words')
    const { items } = await client.call(api.jobs.list, { query: { q: 'Look around' } })
    const execution = await client.call(api.executions.start, { params: { ref: items[0]?.serial ?? '' }, body: {} })
    expect(await untilEnded(client, execution)).toMatchObject({ status: 'completed' })
    expect((await rawOutput(client, execution.uuid)).toString()).toContain(`uid=${uid ?? process.getuid?.()}`)
    expect(await server.end()).toEqual({ code: 0, signal: null })
    await until(() => processesOf(dataDir).length === 0, 1_000)
    expect(server.logged('error')).toEqual([])
    await rm(dataDir, { recursive: true, force: true })
  })
})

test('a first start that finds its port taken says so, and the next one still prints the password', async () => {
  const dataDir = await makeDataDir()
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  await expect(startServer({ dataDir, settings: { PORT: String(port) } })).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is taken`,
  )
  taken.close()
  const { password = '', url, end } = await startServer({ dataDir, settings: { PORT: String(port) } })
  await logIn(url, 'admin', password)
  expect(await end()).toEqual({ code: 0, signal: null })
  await rm(dataDir, { recursive: true, force: true })
})

/** The program as a command that ends by itself. */
const runProgram = (args: string[], settings: Record<string, string>) =>
  spawnSync(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'], ...settings }, encoding: 'utf8' })

test.each([
  ['--demon', "Unknown option '--demon'"],
  ['config-files', 'There is no "config-files".'],
  ['config now', 'What does "now" mean here?'],
])('%s is refused with what is known', (words, message) => {
  const { status, stdout, stderr } = runProgram(words.split(' '), {})
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toContain(message)
  expect(stderr).toContain('Usage: npm start')
})

test('what is wrong with the configuration is told at once, all of it, and ends the program with code 2', () => {
  const { status, stderr } = runProgram([], { OPSCONDUCTOR_PORT: 'x', OPSCONDUCTOR_SERVICES: 'gateway,teapot' })
  expect(status).toBe(2)
  expect(stderr).toContain('OPSCONDUCTOR_PORT')
  expect(stderr).toContain('OPSCONDUCTOR_SERVICES')
})
