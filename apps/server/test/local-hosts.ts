import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api, type JobDocumentInput, type RerunRequest, type StartRequest } from '@opsconductor/contract'
import { startApp, type TestAppOptions } from './app.ts'
import { until } from './until.ts'

export type JobChange = Partial<JobDocumentInput> & { command?: string }

/**
 * The whole program with targets that are the machine itself: `host-1`, `host-2`, … For tests of what runs when, where
 * the wire does not matter.
 */
export const startLocalHosts = async ({
  hosts = 6,
  settings = {},
  ...options
}: TestAppOptions & { hosts?: number } = {}) => {
  const app = await startApp({ settings: { LOCAL_TRANSPORT: 'true', ...settings }, ...options })
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-local-'))
  const names = Array.from({ length: hosts }, (_, index) => `host-${index + 1}`)
  for (const name of names) {
    await app.admin(api.targets.create, { body: { name, methods: [{ type: 'local', config: {} }] } })
  }
  let number = 0

  const addJob = ({ command = 'true', ...change }: JobChange = {}) =>
    app.admin(api.jobs.create, {
      body: { name: `job ${++number}`, targets: names, steps: [{ type: 'ssh.exec', command }], ...change },
    })
  const startJob = (ref: string, body: StartRequest = {}) => app.admin(api.executions.start, { params: { ref }, body })
  const read = (ref: string) => app.admin(api.executions.read, { params: { ref } })

  return {
    ...app,
    app,
    get admin() {
      return app.admin
    },
    names,
    /** A path that nothing is at yet. */
    fresh: () => join(folder, `file-${++number}`),
    linesIn: (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []),
    addJob,
    startJob,
    read,
    /** Saves a job and starts it; all hosts unless told. */
    start: async (job: JobChange, request: StartRequest = {}) => startJob((await addJob(job)).serial, request),
    branches: async (ref: string) =>
      (await app.admin(api.executions.branches, { params: { ref }, query: { limit: 200 } })).items,
    branch: (ref: string, number: number) => app.admin(api.executions.branch, { params: { ref, number } }),
    steps: async (ref: string, number = 1) =>
      (await app.admin(api.executions.steps, { params: { ref, number } })).items,
    log: async (ref: string) =>
      (await app.admin(api.executions.log, { params: { ref }, query: { limit: 200 } })).items.map(
        ({ message }) => message,
      ),
    cancel: (ref: string) => app.admin(api.executions.cancel, { params: { ref } }),
    pause: (ref: string) => app.admin(api.executions.pause, { params: { ref } }),
    continue: (ref: string) => app.admin(api.executions.continue, { params: { ref } }),
    rerun: (ref: string, body: RerunRequest = {}) => app.admin(api.executions.rerun, { params: { ref }, body }),
    /** Waits for the end of an execution. */
    ended: async ({ uuid }: { uuid: string }, limitMs = 60_000) => {
      await until(async () => (await read(uuid)).finishedAt !== null, limitMs)
      return read(uuid)
    },
    /** Waits for a state of an execution. */
    becomes: async ({ uuid }: { uuid: string }, status: string, limitMs = 60_000) => {
      await until(async () => (await read(uuid)).status === status, limitMs)
      return read(uuid)
    },
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type LocalHosts = Awaited<ReturnType<typeof startLocalHosts>>
