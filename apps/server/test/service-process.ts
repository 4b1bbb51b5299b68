import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServiceName } from '../src/app.ts'
import type { TestApp } from './app.ts'

const program = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** A start takes a second or two; one that hangs is a fault of its own, and is told as such. */
const startMs = 90_000

/** An executor in a process of its own beside a test's program, as a site has several of them; for tests that kill it. */
export const startExecutorProcess = (app: TestApp, settings: Record<string, string> = {}) =>
  startServiceProcess(app, 'executor', settings)

export class StartHangs extends Error {}

export type ServiceProcess = Awaited<ReturnType<typeof startServiceProcess>>

/** The same for any service. */
export const startServiceProcess = async (
  app: TestApp,
  service: ServiceName,
  settings: Record<string, string> = {},
) => {
  const env = {
    SERVICES: service,
    DATABASE_URL: app.database.url,
    DATABASE_OWNER_URL: app.database.ownerUrl,
    MASTER_KEY: `1:${app.key.toString('base64')}`,
    LEASE_SEC: String(app.config.LEASE_SEC),
    LOG_LEVEL: 'warn',
    ...settings,
  }
  const child = spawn(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'],
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [`OPSCONDUCTOR_${name}`, value])),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()))
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new StartHangs(`the ${service} neither runs nor has it ended:\n${said}`))
    }, startMs)
    timer.unref()
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      if (!said.includes('OpsConductor runs')) return
      clearTimeout(timer)
      resolve()
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the ${service} ended with ${code}:\n${said}`))
    })
  })
  return {
    pid: child.pid ?? 0,
    /** What it logged and printed so far. */
    said: () => said,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** When it has ended by itself. */
    ended: async () => {
      if (child.exitCode === null) await once(child, 'exit')
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

const end = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
