import { api, type Credential, type Execution, type Job, type Target } from '@opsconductor/contract'
import { type TestApp, userPassword } from './app.ts'
import { type Client, logIn } from './client.ts'
import { until } from './until.ts'

/** What a route is asked with, and by whom if not by the administrator. */
export type Asked = { params?: object; query?: object; body?: object; as?: Client }

type Features = typeof api
type NamesIn<F extends keyof Features> = F extends unknown ? `${F}.${Extract<keyof Features[F], string>}` : never
/** `targets.create` and so on, every one of them. */
export type RouteName = NamesIn<keyof Features>

/** The little world in which every route has something to do. The target is reached without a network. */
export const prepareWorld = async (app: TestApp) => {
  let number = 0
  const unique = (word: string) => `${word}-${++number}`

  const user = async () => {
    const client = await app.as('guest')
    return { client, uuid: client.me.uuid, username: client.me.username }
  }
  const credential = (): Promise<Credential> =>
    app.admin(api.credentials.create, {
      body: { name: unique('credential'), type: 'password', secret: { username: 'ops', password: 'hunter22' } },
    })
  const target = (): Promise<Target> =>
    app.admin(api.targets.create, { body: { name: unique('target'), methods: [{ type: 'local', config: {} }] } })
  const sshTarget = (): Promise<Target> =>
    app.admin(api.targets.create, {
      body: { name: unique('target'), methods: [{ type: 'ssh', config: { host: '192.0.2.1' } }] },
    })
  const document = (command: string, on: string) => ({
    name: unique('job'),
    targets: [on],
    steps: [{ type: 'ssh.exec' as const, command }],
  })
  const job = async (command = 'echo hello'): Promise<Job> =>
    app.admin(api.jobs.create, { body: document(command, (await target()).uuid) })
  const started = async (command?: string): Promise<Execution> =>
    app.admin(api.executions.start, { params: { ref: (await job(command)).serial }, body: {} })
  const finished = async (): Promise<Execution> => {
    const { uuid } = await started()
    const read = () => app.admin(api.executions.read, { params: { ref: uuid } })
    await until(async () => (await read()).finishedAt !== null)
    return read()
  }
  return { app, unique, user, credential, target, sshTarget, document, job, started, finished, done: await finished() }
}

export type World = Awaited<ReturnType<typeof prepareWorld>>

const refresh = async ({ app, user }: World) => {
  const { username } = await user()
  const call = app.admin // logging in is public, whoever asks
  const tokens = await call(api.auth.login, { body: { username, password: userPassword, refreshTokenIn: 'body' } })
  return { body: { refreshToken: tokens.refreshToken } }
}
const credentialRef = async ({ credential }: World) => ({ params: { ref: (await credential()).uuid } })
const targetRef = async ({ target }: World) => ({ params: { ref: (await target()).serial } })
const jobRef = async ({ job }: World) => ({ params: { ref: (await job()).serial } })
const executionRef = async ({ done }: World) => ({ params: { ref: done.ref } })
const branchRef = async ({ done }: World) => ({ params: { ref: done.uuid, number: '001' } })
/** An execution whose branch is lost, as it is when an executor died and its target knows nothing. */
const lost = async ({ app, started }: World) => {
  const execution = await started('sleep 60')
  await app.database.asOwner(
    `update automation.branches set status = 'lost', attempt = attempt + 1 where execution_id =
       (select id from automation.executions where uuid = '${execution.uuid}')`,
  )
  return execution
}
const anything = async () => ({ query: { limit: 2 } })
const nothing = async () => ({})

/** A real input for every route. A route that is not here does not compile, and fails the walk. */
export const routeInputs: Record<RouteName, (world: World) => Promise<Asked>> = {
  'auth.login': async ({ user }) => ({ body: { username: (await user()).username, password: userPassword } }),
  'auth.refresh': refresh,
  'auth.logout': refresh,
  'auth.revokeAll': async ({ user }) => ({ body: {}, as: (await user()).client }),
  'auth.verify': nothing,
  'auth.me': nothing,
  'auth.updateMe': async ({ user }) => ({ body: { title: 'Dr' }, as: (await user()).client }),
  'auth.changePassword': async ({ user }) => ({
    body: { currentPassword: userPassword, newPassword: 'another long password' },
    as: (await user()).client,
  }),
  'auth.sessions': nothing,
  'auth.revokeSession': async ({ app, user }) => {
    const { client, username } = await user()
    await logIn(app.url, username, userPassword)
    const { items } = await client(api.auth.sessions, {})
    return { params: { ref: items.find(({ isCurrent }) => !isCurrent)?.uuid }, as: client }
  },

  'users.list': anything,
  'users.read': async ({ user }) => ({ params: { ref: (await user()).uuid } }),
  'users.create': async ({ unique }) => ({
    body: { username: unique('user'), password: userPassword, roles: ['viewer'] },
  }),
  'users.update': async ({ user }) => ({ params: { ref: (await user()).uuid }, body: { displayName: 'Somebody' } }),
  'users.deactivate': async ({ user }) => ({ params: { ref: (await user()).uuid } }),
  'roles.list': nothing,

  'credentials.list': anything,
  'credentials.read': credentialRef,
  'credentials.create': async ({ unique }) => ({
    body: { name: unique('credential'), type: 'bearer', secret: { token: 'abcdefgh' } },
  }),
  'credentials.update': async (world) => ({ ...(await credentialRef(world)), body: { description: 'changed' } }),
  'credentials.rotate': async (world) => ({
    ...(await credentialRef(world)),
    body: { username: 'ops', password: 'hunter33' },
  }),
  'credentials.uses': credentialRef,
  'credentials.archive': credentialRef,
  'credentials.restore': async (world) => {
    const { params } = await credentialRef(world)
    await world.app.admin(api.credentials.archive, { params })
    return { params }
  },
  'credentials.delete': credentialRef,

  'targets.list': anything,
  'targets.tags': anything,
  'targets.read': targetRef,
  'targets.create': async ({ unique }) => ({
    body: { name: unique('target'), methods: [{ type: 'ssh', config: { host: '192.0.2.1' } }] },
  }),
  'targets.update': async (world) => ({ ...(await targetRef(world)), body: { description: 'changed' } }),
  'targets.replace': async (world) => ({
    ...(await targetRef(world)),
    body: { name: world.unique('target'), methods: [{ type: 'local', config: {} }] },
  }),
  'targets.archive': targetRef,
  'targets.restore': async (world) => {
    const { params } = await targetRef(world)
    await world.app.admin(api.targets.archive, { params })
    return { params }
  },
  'targets.delete': targetRef,
  'targets.test': async (world) => ({ ...(await targetRef(world)), query: {}, body: {} }),
  'targets.readTest': async (world) => {
    const { params } = await targetRef(world)
    const { uuid } = await world.app.admin(api.targets.test, { params, query: {}, body: {} })
    return { params: { ...params, test: uuid } }
  },
  'targets.hostKeys': targetRef,
  'targets.forgetHostKeys': async ({ sshTarget }) => {
    const { uuid, methods } = await sshTarget()
    return { params: { ref: uuid, method: methods[0]?.uuid } }
  },

  'jobs.list': anything,
  'jobs.read': jobRef,
  'jobs.create': async ({ document, target }) => ({ body: document('echo new', (await target()).name) }),
  'jobs.replace': async (world) => ({
    ...(await jobRef(world)),
    body: world.document('echo changed', (await world.target()).name),
  }),
  'jobs.update': async (world) => ({ ...(await jobRef(world)), body: { isEnabled: false } }),
  'jobs.versions': jobRef,
  'jobs.version': async (world) => ({ params: { ...(await jobRef(world)).params, version: 1 } }),
  'jobs.archive': jobRef,
  'jobs.restore': async (world) => {
    const { params } = await jobRef(world)
    await world.app.admin(api.jobs.archive, { params })
    return { params }
  },
  'jobs.delete': jobRef,
  'jobs.plan': async (world) => ({ ...(await jobRef(world)), body: {} }),

  'executions.start': async (world) => ({ ...(await jobRef(world)), body: {} }),
  'executions.list': anything,
  'executions.read': executionRef,
  'executions.branches': executionRef,
  'executions.branch': branchRef,
  'executions.steps': branchRef,
  'executions.allSteps': executionRef,
  'executions.output': branchRef,
  'executions.searchOutput': async (world) => ({ ...(await branchRef(world)), query: { q: 'HELL' } }),
  'executions.rawOutput': branchRef,
  'executions.log': executionRef,
  'branches.resolve': async (world) => {
    const { uuid } = await lost(world)
    return { params: { ref: uuid, number: '001' }, body: { as: 'failed' } }
  },
  'executions.cancel': async ({ started }) => ({ params: { ref: (await started('sleep 60')).uuid } }),
  'executions.pause': async ({ started }) => ({ params: { ref: (await started('sleep 60')).uuid } }),
  'executions.continue': async ({ app, started }) => {
    const { uuid } = await started('sleep 60')
    const params = { ref: uuid }
    await app.admin(api.executions.pause, { params })
    return { params }
  },
  'executions.rerun': async (world) => ({ ...(await executionRef(world)), body: {} }),
  'executors.list': nothing,

  'dashboard.read': nothing,
  'audit.list': anything,
}
