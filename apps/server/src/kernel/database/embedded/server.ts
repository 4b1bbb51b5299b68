import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endOfOrphan, findOrphan, stopOrphan } from './orphan.ts'
import { endsWithUs, type Postmaster, type PostmasterOptions, startPostmaster } from './postmaster.ts'
import { ask, untilReady } from './ready.ts'
import { freePort, isPortFree } from './settings.ts'

export type Server = Pick<Postmaster, 'ended' | 'stop'> & { readonly port: number }

export type ServerOptions = PostmasterOptions & {
  readonly url: (port: number) => string
  /** Must it be this port? Else another is taken when it is not free. */
  readonly fixedPort: boolean
  readonly signal: AbortSignal
}

/** For this long the remains of a killed server (its backends, its shared memory) may be in the way of a new one. */
const remainsMs = 15_000

/**
 * Has the cluster served, by a server of our own or by a live one that was left behind. Call it holding the lock.
 *
 * @throws Error with the last lines of the server's log
 */
export const serve = async (options: ServerOptions): Promise<Server> => {
  const { cluster, url, log, signal } = options
  const orphan = await findOrphan(cluster)
  if (orphan !== undefined) {
    if (!endsWithUs() && (await ask(url(orphan.port))).kind === 'ready') {
      log.info({ pid: orphan.pid }, 'PostgreSQL is still running from an earlier start; using it')
      return { port: orphan.port, ended: endOfOrphan(orphan), stop: () => stopOrphan(orphan) }
    }
    // here a server ends with whoever started it, so this one is about to; a little later there is room
    log.info({ pid: orphan.pid }, 'waiting for the PostgreSQL of an earlier start to end')
    await stopOrphan(orphan)
  }
  const port = await choosePort(options)
  const giveUpAt = performance.now() + remainsMs
  for (;;) {
    const postmaster = await startPostmaster({ ...options, port })
    const failure = await untilReady(url(port), postmaster.ended, signal).catch(async (error: unknown) => {
      await postmaster.stop()
      throw error
    })
    if (failure === undefined) return { port, ended: postmaster.ended, stop: postmaster.stop }
    await postmaster.stop()
    const said = await lastWords(options)
    const remains = /pre-existing shared memory block|lock file "postmaster\.pid" already exists/.test(said)
    if (!remains || performance.now() > giveUpAt) throw new Error(`PostgreSQL did not start (${failure}).\n${said}`)
    await sleep(200, undefined, { signal })
  }
}

const choosePort = async ({ port, fixedPort, log }: ServerOptions): Promise<number> => {
  if (await isPortFree(port)) return port
  if (fixedPort) throw new Error(`PostgreSQL cannot start: another program listens on its port ${port}.`)
  const other = await freePort()
  log.warn({ port, other }, 'another program listens on the port of the database; it gets another one')
  return other
}

/** The last lines of what the server said to us and to its own log of today. */
const lastWords = async ({ startLog, cluster }: ServerOptions): Promise<string> => {
  const log = join(cluster, 'log')
  const day = new Date().toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' })
  const names = (await readdir(log).catch(() => [])).filter((name) => name === `postgresql-${day}.log`)
  const texts = await Promise.all(
    [startLog, ...names.map((name) => join(log, name))].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  return texts
    .flatMap((text) => text.trim().split('\n').slice(-12))
    .filter((line) => line !== '')
    .join('\n')
}
