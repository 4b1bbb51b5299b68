import type { Log } from '../log.ts'
import type { Account } from './account.ts'
import { prepareBinaries } from './binaries.ts'
import { ensureCluster } from './cluster.ts'
import { ensureDatabase, ensureLogin } from './contents.ts'
import type { Lock } from './lock.ts'
import type { Places } from './places.ts'
import { type Server, serve } from './server.ts'
import {
  applicationLogin,
  defaultDatabase,
  newSettings,
  ownerUrl,
  readSettings,
  type Settings,
  writeSettings,
} from './settings.ts'

/** We hold the lock, and the server runs. */
export type Holding = {
  readonly lock: Lock
  readonly settings: Settings
  readonly ended: Server['ended']
  /** Ends the server, then lets the lock go. */
  readonly stop: () => Promise<void>
}

export type HoldOptions = {
  readonly account: Account
  readonly dataDir: string
  readonly places: Places
  /** When given, the server must use it; else another is taken when the recorded one is not free. */
  readonly port: number | undefined
  readonly serverSettings: Readonly<Record<string, string>>
  readonly log: Log
  readonly signal: AbortSignal
}

/** Everything from an empty folder to a server that has our database. When it fails, the lock is let go and nothing runs. */
export const hold = async (lock: Lock, options: HoldOptions): Promise<Holding> => {
  let server: Server | undefined
  try {
    const binaries = await prepareBinaries(options)
    const known = await readSettings(options.places.settings)
    const before = known ?? (await newSettings())
    if (known === undefined) await writeSettings(options.places.settings, before)
    const cluster = await ensureCluster({ ...options, binaries, ownerPassword: before.ownerPassword })
    server = await serve({
      ...options,
      binaries,
      cluster,
      port: options.port ?? before.port,
      fixedPort: options.port !== undefined,
      startLog: options.places.startLog,
      settings: options.serverSettings,
      url: (port) => ownerUrl({ ...before, port }, 'postgres'),
    })
    const settings = { ...before, port: server.port }
    if (settings.port !== before.port) await writeSettings(options.places.settings, settings)
    await ensureLogin(ownerUrl(settings, 'postgres'), applicationLogin, settings.applicationPassword)
    await ensureDatabase(ownerUrl(settings, 'postgres'), defaultDatabase)
    const { ended, stop } = server
    return {
      lock,
      settings,
      ended,
      stop: async () => {
        await stop()
        await lock.release()
      },
    }
  } catch (error) {
    await server?.stop()
    await lock.release()
    throw error
  }
}
