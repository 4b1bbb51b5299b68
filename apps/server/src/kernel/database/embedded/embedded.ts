import { mkdir, realpath } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { chooseAccount } from './account.ts'
import { hold, type Holding } from './holding.ts'
import { acquireLock, isLocked } from './lock.ts'
import { places } from './places.ts'
import { ask } from './ready.ts'
import { applicationUrl, ownerUrl, readSettings, type Settings } from './settings.ts'

export type EmbeddedOptions = {
  /** Made when missing, open for walking through when PostgreSQL runs as another account. */
  readonly dataDir: string
  readonly log: Log
  /** Gives the start up; a server that runs is ended by `stop()` alone. */
  readonly signal?: AbortSignal
  /** Server settings on top of ours. Only for scratch clusters of tests: fsync and synchronous_commit stay on. */
  readonly settings?: Readonly<Record<string, string>>
}

export type EmbeddedPostgres = {
  /** URL of a database (`opsconductor` unless said otherwise) for the application, whose log-in owns nothing. */
  readonly url: (database?: string) => string
  /** URL of a database for the owner, who migrates. */
  readonly ownerUrl: (database?: string) => string
  /** Does another process run the server? When that process ends, this one takes over on the same port. */
  readonly adopted: () => boolean
  /** Ends the server if this process runs it; an adopted one is left alone. */
  readonly stop: () => Promise<void>
}

/** How often one that adopted looks whether the process that runs the server still lives. */
const watchMs = 500

/**
 * Starts the PostgreSQL of the data directory, or adopts the one that another process has started there.
 * Must be called from the main thread.
 *
 * @throws Error for the operator: no programs, another major version, or the last lines that PostgreSQL said
 */
export const startEmbeddedPostgres = async (options: EmbeddedOptions): Promise<EmbeddedPostgres> => {
  const { log } = options
  const stopping = new AbortController()
  const account = chooseAccount()
  await mkdir(options.dataDir, { recursive: true, mode: account.other ? 0o711 : 0o700 })
  const dataDir = await realpath(options.dataDir)
  const where = places(dataDir)
  const cluster = { account, dataDir, places: where, log, serverSettings: options.settings ?? {} }

  /** @param port the port our users know already: the server must come back on it */
  const join = async (signal: AbortSignal, port?: number): Promise<{ settings: Settings; holding?: Holding }> => {
    for (;;) {
      signal.throwIfAborted()
      const lock = await acquireLock(where.lock)
      if (lock !== undefined) {
        const holding = await hold(lock, { ...cluster, signal, port })
        return { settings: holding.settings, holding }
      }
      const settings = await readSettings(where.settings)
      if (settings !== undefined && (await ask(ownerUrl(settings))).kind === 'ready') return { settings }
      await sleep(100, undefined, { signal })
    }
  }

  let { settings, holding } = await join(options.signal ?? stopping.signal)
  log.info({ port: settings.port, adopted: holding === undefined }, 'PostgreSQL is ready')

  /** Starts the server again when it dies, and takes over when the process that ran it does. Ends by `stop`. */
  const { signal } = stopping
  const guard = async (): Promise<never> => {
    for (;;) {
      if (holding !== undefined) {
        const how = await unlessAborted(holding.ended, signal)
        log.error({ how }, 'PostgreSQL ended unexpectedly; starting it again')
        const { lock } = holding
        holding = undefined
        await lock.release()
      } else {
        await sleep(watchMs, undefined, { signal })
        if (await isLocked(where.lock)) continue
      }
      ;({ settings, holding } = await join(signal, settings.port))
      if (holding !== undefined) log.warn('this process runs PostgreSQL now')
    }
  }
  const guarding = (async () => {
    while (!signal.aborted) {
      await guard().catch(async (error: unknown) => {
        if (signal.aborted) return
        log.error({ err: error }, 'PostgreSQL is not running; trying again')
        await sleep(1_000, undefined, { signal }).catch(() => {}) // a stop is not an error
      })
    }
  })()

  return {
    url: (database) => applicationUrl(settings, database),
    ownerUrl: (database) => ownerUrl(settings, database),
    adopted: () => holding === undefined,
    stop: async () => {
      stopping.abort()
      await guarding
      await holding?.stop()
      holding = undefined
    },
  }
}

const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort))
}
