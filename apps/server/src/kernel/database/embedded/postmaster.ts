import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { isMainThread } from 'node:worker_threads'
import type { Log } from '../log.ts'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { environment } from './run.ts'

/** The running server, which we started. */
export type Postmaster = {
  readonly pid: number
  /** Resolves when it has ended, whatever the reason. */
  readonly ended: Promise<string>
  /** Asks for a fast shutdown (clients are disconnected, everything is written) and waits for the end. */
  readonly stop: () => Promise<void>
}

export type PostmasterOptions = {
  readonly account: Account
  readonly binaries: Binaries
  readonly cluster: string
  readonly port: number
  /** Takes what the server says before its own log is open. */
  readonly startLog: string
  readonly log: Log
  /** Server settings on top of ours, for a scratch cluster of tests. */
  readonly settings: Readonly<Record<string, string>>
}

/** After this the fast shutdown becomes an immediate one, which the next start recovers from. */
const fastShutdownMs = 60_000

/**
 * Starts the server and returns at once; whether it serves is asked by connecting.
 *
 * On Linux it goes through setpriv(1), which has the kernel send SIGINT, a fast shutdown, when we die: even a `kill -9`
 * leaves no server behind. The kernel means the thread that spawned it, so this is for the main thread only.
 * The server gets a session of its own, so that a Ctrl-C in the terminal reaches us and not it.
 */
export const startPostmaster = async (options: PostmasterOptions): Promise<Postmaster> => {
  if (!isMainThread)
    throw new Error('PostgreSQL must be started from the main thread: it ends with the thread that started it.')
  const { account, binaries, startLog, log } = options
  const setpriv = findSetpriv()
  if (setpriv === undefined && process.platform === 'linux') {
    log.warn(
      'setpriv(1) of util-linux is missing: a kill -9 of this process leaves PostgreSQL behind, for the next start to use. Install util-linux.',
    )
  }
  const handOver = account.other ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : []
  const command = setpriv === undefined ? binaries.postgres : setpriv
  const before = setpriv === undefined ? [] : [...handOver, '--pdeathsig', 'INT', binaries.postgres]
  const output = await open(startLog, 'w', 0o600)
  try {
    const child = spawn(command, [...before, ...serverArguments(options)], {
      ...environment(),
      ...(setpriv === undefined && account.other ? { uid: account.uid, gid: account.gid } : {}),
      cwd: '/',
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    })
    const ended = endOf(child)
    child.unref() // the server alone is no reason to go on living
    if (child.pid === undefined) throw new Error(`PostgreSQL cannot be started: ${await ended}`)
    return { pid: child.pid, ended, stop: () => stop(child, ended) }
  } finally {
    await output.close()
  }
}

const serverArguments = ({ cluster, port, settings }: PostmasterOptions) => {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '128MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // its own log, a file for each weekday, so that it does not grow for ever and outlives us
    logging_collector: 'on',
    log_directory: 'log',
    log_filename: 'postgresql-%a.log',
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_rotation_size: '0',
    ...settings,
  }
  return ['-D', cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** How the child ended, in words. The listeners are there before anything can happen: a failed spawn is an 'error' event. */
const endOf = (child: ChildProcess) =>
  new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })

const stop = async (child: ChildProcess, ended: Promise<string>) => {
  child.ref()
  child.kill('SIGINT')
  const tooLong = setTimeout(() => child.kill('SIGQUIT'), fastShutdownMs)
  await ended
  clearTimeout(tooLong)
}

/** setpriv(1) of util-linux; the one of BusyBox knows no --pdeathsig. */
const findSetpriv = (): string | undefined => {
  if (process.platform !== 'linux') return undefined
  const path = ['/usr/bin/setpriv', '/bin/setpriv', '/usr/local/bin/setpriv'].find((path) => existsSync(path))
  if (path === undefined) return undefined
  try {
    return execFileSync(path, ['--help'], { encoding: 'utf8' }).includes('--pdeathsig') ? path : undefined
  } catch {
    return undefined
  }
}

/** Does the server end when we do? Then one that outlived its starter is an accident and not something to adopt. */
export const endsWithUs = (): boolean => findSetpriv() !== undefined
