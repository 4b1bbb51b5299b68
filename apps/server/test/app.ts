import { randomBytes } from 'node:crypto'
import { api, type BuiltInRole } from '@opsconductor/contract'
import type { Logger } from 'pino'
import { createApp, type ServiceName } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { ensureAdministrator, prepareContents } from '../src/preparation.ts'
import type { RunningService } from '../src/services/service.ts'
import { type Client, logIn } from './client.ts'
import { cloneDatabase, type TestDatabase } from './database.ts'
import { quiet } from './quiet.ts'

export const adminPassword = 'correct horse battery staple'
export const userPassword = 'a password for tests'

export type TestAppOptions = {
  /** Settings beside the usual ones, without their prefix: `{ LEASE_SEC: '2' }`. */
  settings?: Record<string, string>
  /** The services to run; all unless told. */
  services?: readonly ServiceName[]
  log?: Logger
  /** A clone of the template unless told. */
  database?: TestDatabase
}

/**
 * The whole program in this process, on a database of its own:
 *
 *     await using app = await startApp()
 *     await app.admin(api.targets.list, { query: {} })
 *     const viewer = await app.as('viewer')
 *
 * `key` is the master key, for a further process that works beside it.
 */
export const startApp = async (options: TestAppOptions = {}) => {
  const { settings = {}, services, log = quiet, database = await cloneDatabase() } = options
  const key = randomBytes(32)
  const env = { PORT: '0', ADMIN_PASSWORD: adminPassword, LOGINS_PER_MINUTE: '10000', ...settings }
  const config = readConfig(
    Object.fromEntries(Object.entries(env).map(([name, value]) => [`OPSCONDUCTOR_${name}`, value])),
  )
  const names = services ?? config.SERVICES
  const masterKeys = [{ version: 1, key }]
  const app = await createApp({ config, databaseUrl: database.url, masterKeys, log, services: names })
  await prepareContents(app)
  await ensureAdministrator(app, config)
  const running: RunningService[] = []
  let url = ''
  for (const name of names) {
    if (name === 'gateway') {
      const gateway = await app.starts.gateway()
      // behind a public URL there is a proxy, which is not here
      url = config.PUBLIC_URL === undefined ? gateway.url : `http://127.0.0.1:${config.PORT}`
      running.unshift(gateway)
    } else running.unshift(await app.starts[name]())
  }
  const admin = url === '' ? null : await logIn(url, 'admin', adminPassword)
  const administrator = (): Client => {
    if (admin === null) throw new Error('Without a gateway nobody can log in.')
    return admin
  }

  let userNumber = 0
  /** A new user with these roles, logged in. */
  const as = async (...roles: BuiltInRole[]): Promise<Client> => {
    const username = `${roles.join('-')}-${++userNumber}`
    await administrator()(api.users.create, {
      body: { username, password: userPassword, roles, mustChangePassword: false },
    })
    return logIn(url, username, userPassword)
  }

  return {
    ...app,
    url,
    key,
    config,
    database,
    get admin() {
      return administrator()
    },
    as,
    /** All audit lines so far, oldest first. */
    auditLines: () => database.kysely.selectFrom('kernel.auditLines').selectAll().orderBy('id').execute(),
    [Symbol.asyncDispose]: async () => {
      for (const service of running) await service.stop()
      await app.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

export type TestApp = Awaited<ReturnType<typeof startApp>>
