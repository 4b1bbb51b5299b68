import {
  api,
  type Execution,
  type ExecutionDetail,
  isFinalExecution,
  type JobDocumentInput,
  type StartRequest,
} from '@opsconductor/contract'
import { type Sshd, type SshdOptions, startSshd } from '@opsconductor/transports/testing'
import { startApp, type TestApp, type TestAppOptions } from './app.ts'
import { until } from './until.ts'

export type StepInput = JobDocumentInput['steps'][number]
export type JobInput = Partial<Omit<JobDocumentInput, 'steps'>>

/**
 * The whole program beside real SSH servers, each of which is a target: `host-1`, `host-2`, …
 *
 *     await using fleet = await startFleet({ hosts: 3 })
 *     const execution = await fleet.run(['uname -a'])
 */
export const startFleet = async ({
  hosts = 1,
  sshd: sshdOptions = {},
  ...options
}: TestAppOptions & { hosts?: number; sshd?: SshdOptions } = {}) => {
  const servers: Sshd[] = await Promise.all(
    Array.from({ length: hosts }, (_, index) =>
      startSshd({ ...sshdOptions, host: process.platform === 'darwin' ? '127.0.0.1' : `127.0.0.${index + 1}` }),
    ),
  )
  const app = await startApp(options)
  const targets = await Promise.all(servers.map((server, index) => addTarget(app, `host-${index + 1}`, server)))
  const all = targets.map(({ name }) => name)
  let jobNumber = 0

  /** Saves a job; a step that is a text is a command. Its targets are all hosts unless told. */
  const addJob = (steps: readonly (StepInput | string)[], more: JobInput = {}) =>
    app.admin(api.jobs.create, {
      body: {
        name: `job ${++jobNumber}`,
        targets: all,
        ...more,
        steps: steps.map((step) => (typeof step === 'string' ? { type: 'ssh.exec' as const, command: step } : step)),
      },
    })

  const start = async (steps: readonly (StepInput | string)[], more: JobInput = {}, request: StartRequest = {}) => {
    const { serial } = await addJob(steps, more)
    return app.admin(api.executions.start, { params: { ref: serial }, body: request })
  }

  const read = (ref: string): Promise<ExecutionDetail> => app.admin(api.executions.read, { params: { ref } })

  /** Waits for the end of an execution. */
  const ended = async ({ uuid }: { uuid: string }, limitMs = 60_000): Promise<Execution> => {
    let latest = await read(uuid)
    await until(async () => isFinalExecution((latest = await read(uuid)).status), limitMs)
    return latest
  }

  return {
    ...app,
    app,
    get admin() {
      return app.admin
    },
    servers,
    targets,
    addJob,
    start,
    ended,
    read,
    /** Saves, starts, and waits for the end. */
    run: async (steps: readonly (StepInput | string)[], more: JobInput = {}, request: StartRequest = {}) =>
      ended(await start(steps, more, request)),
    branches: async (ref: string) =>
      (await app.admin(api.executions.branches, { params: { ref }, query: { limit: 200 } })).items,
    steps: async (ref: string, number: number | string = 1) =>
      (await app.admin(api.executions.steps, { params: { ref, number } })).items,
    log: async (ref: string) => (await app.admin(api.executions.log, { params: { ref }, query: { limit: 200 } })).items,
    /** The output as it came. */
    raw: async (ref: string, number: number | string = 1, query: object = {}) =>
      Buffer.from(
        await (await app.admin.raw(api.executions.rawOutput, { params: { ref, number }, query })).arrayBuffer(),
      ),
    text: async (ref: string, number: number | string = 1) =>
      (await app.admin.raw(api.executions.rawOutput, { params: { ref, number }, query: {} })).text(),
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]()
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

export type Fleet = Awaited<ReturnType<typeof startFleet>>

/** Adds an SSH server as a target, with a credential of its own. */
export const addTarget = async (
  { admin }: Pick<TestApp, 'admin'>,
  name: string,
  { host, port, username, privateKey }: Pick<Sshd, 'host' | 'port' | 'username' | 'privateKey'>,
) => {
  const credential = await admin(api.credentials.create, {
    body: { name: `key of ${name}`, type: 'ssh_key', secret: { username, privateKey } },
  })
  return admin(api.targets.create, {
    body: { name, methods: [{ type: 'ssh', config: { host, port }, credential: credential.uuid }] },
  })
}
