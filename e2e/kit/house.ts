import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@opsconductor/transports/testing'
import { processesOf } from './leftovers.ts'
import { startServer, type Server } from './server.ts'

/** All four services in one process, or each in its own. */
export type Mode = 'together' | 'apart'

export interface House {
  readonly dataDir: string
  readonly url: string
  /** The administrator's password as it was printed. */
  readonly printedPassword: string
  readonly servers: Server[]
  /** Lines that any of the processes logged as errors. */
  readonly errors: () => string[]
  /** Asks all processes at once to stop; gives back their exit codes, in the order of `servers`. */
  readonly stop: () => Promise<(number | null)[]>
  /** Removes what is left of it; fails when something still runs. */
  readonly clear: () => Promise<void>
}

/** Which each of `servers` runs when they are apart. */
export const services = ['gateway', 'executor', 'scheduler', 'notifier']

/** A folder that the account of PostgreSQL can walk through. */
export const makeDataDir = async (): Promise<string> => {
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), 'opsconductor-e2e-')))
  await chmod(dataDir, 0o711)
  return dataDir
}

/** Starts the program on an empty data directory. Apart, all four start at once: one of them starts PostgreSQL. */
export const startHouse = async (mode: Mode, settings: Record<string, string> = {}): Promise<House> => {
  const dataDir = await makeDataDir()
  const starts =
    mode === 'together'
      ? [startServer({ dataDir, settings })]
      : services.map((name) => startServer({ dataDir, settings: { SERVICES: name, ...settings } }))
  const started = await Promise.allSettled(starts)
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = started.find((one) => one.status === 'rejected')
  const stop = async () => (await Promise.all(servers.map((server) => server.end()))).map(({ code }) => code)
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  return {
    dataDir,
    url: servers.find(({ url }) => url !== '')?.url ?? '',
    printedPassword: servers.find(({ password }) => password !== undefined)?.password ?? '',
    servers,
    errors: () => servers.flatMap((server) => server.logged('error')),
    stop,
    clear: async () => {
      await until(() => processesOf(dataDir).length === 0, 30_000).catch(() => {
        throw new Error(`still there after the end:\n${processesOf(dataDir).join('\n')}`)
      })
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
