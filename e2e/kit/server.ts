import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { until } from '@opsconductor/transports/testing'

export type ServerOptions = {
  dataDir: string
  /** Settings without their prefix, e.g. `{ SERVICES: 'gateway' }`. */
  settings?: Record<string, string>
  args?: string[]
  /** Runs it as that user, which only root can ask for. */
  uid?: number
}

/** A server program in a process of its own. */
export interface Server {
  readonly pid: number
  /** Where the gateway answers; empty where this process has none. */
  readonly url: string
  /** The administrator's password, where this process made it up and printed it. */
  readonly password: string | undefined
  /** All that it said: greeting, and its log as lines of JSON. */
  readonly output: () => string
  /** Its log lines of a level, e.g. 'error'. */
  readonly logged: (level: string) => string[]
  readonly signal: (signal: NodeJS.Signals) => void
  /** Sends a signal (SIGINT where none is named) and waits for the end. */
  readonly end: (signal?: NodeJS.Signals) => Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

const program = fileURLToPath(new URL('../../apps/server/src/main.ts', import.meta.url))
const startLimitMs = 120_000
const endLimitMs = 30_000

/** Starts a server on a free port and waits until it says that it is ready. */
export const startServer = async ({ dataDir, settings = {}, args = [], uid }: ServerOptions): Promise<Server> => {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment({ DATA_DIR: dataDir, PORT: '0', ...settings }),
    ...(uid === undefined ? {} : { uid, gid: uid, cwd: '/' }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  )
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const pid = child.pid ?? 0
  const watch = endWithUs(pid)

  const end: Server['end'] = async (signal = 'SIGINT') => {
    child.kill(signal)
    const tooLong = setTimeout(() => child.kill('SIGKILL'), endLimitMs)
    const how = await ended
    clearTimeout(tooLong)
    watch[Symbol.dispose]()
    return how
  }

  await until(() => output.includes('Press Ctrl-C to stop.') || hasEnded(), startLimitMs).catch(() => {})
  if (!output.includes('Press Ctrl-C to stop.')) {
    await end('SIGKILL')
    throw new Error(`The server did not start:\n${output}`)
  }
  return {
    pid,
    url: /OpsConductor is ready: +(\S+)/.exec(output)?.[1] ?? '',
    password: /^ +password +(\S+)$/m.exec(output)?.[1],
    output: () => output,
    logged: (level) => output.split('\n').filter((line) => line.startsWith(`{"level":"${level}"`)),
    signal: (signal) => void child.kill(signal),
    end,
  }
}

/** Nothing of the settings of whoever runs the tests. */
const environment = (settings: Record<string, string>) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OPSCONDUCTOR_'))),
  NODE_ENV: 'production',
  ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`OPSCONDUCTOR_${name}`, value])),
})

/** Ends the server when this process ends in whatever way, even killed: then a small shell sees its input end. */
const endWithUs = (pid: number): Disposable => {
  const watcher = spawn('/bin/sh', ['-c', `read -r line; kill -9 ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a Ctrl-C in the terminal is for us, not for it
  })
  watcher.unref()
  return { [Symbol.dispose]: () => void watcher.kill('SIGKILL') }
}
