import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { api, createCall } from '@opsconductor/contract'
import type { LoopDelay } from './ground/loop-watch.ts'
import { cpuMsBelow, forgetPeakMemory, memoryMiB, peakMemoryMiB } from './ground/processes.ts'

const program = join(import.meta.dirname, '../../apps/server/src/main.ts')
const loopWatch = pathToFileURL(join(import.meta.dirname, 'ground/loop-watch.ts')).href
/** As in `npm start`: by default V8 keeps 128 MiB of each thread for what is young, and the C library many heaps. */
const lean = { options: ['--max-semi-space-size=16'], env: { MALLOC_ARENA_MAX: '2' } }
const password = 'only for this measurement'

/**
 * A server as a user starts it: a process of its own, all services, an embedded PostgreSQL in a folder that goes away.
 *
 * @param settings of the server on top of ours, without their prefix
 */
export const startServer = async (settings: Record<string, string> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-bench-'))
  await chmod(folder, 0o711) // as root, PostgreSQL runs as another account that must come in
  const more = Object.entries(settings).map(([name, value]) => [`OPSCONDUCTOR_${name}`, value])
  const server = spawn(process.execPath, [...lean.options, ...profiling(), '--import', loopWatch, program], {
    env: {
      PATH: process.env['PATH'],
      ...lean.env,
      OPSCONDUCTOR_DATA_DIR: folder,
      OPSCONDUCTOR_PORT: '0',
      OPSCONDUCTOR_ADMIN_PASSWORD: password,
      OPSCONDUCTOR_LOG_LEVEL: 'warn',
      ...Object.fromEntries(more),
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const origin = await new Promise<string>((resolve, reject) => {
    let said = ''
    server.stdout?.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      const url = /is ready:\s+(http\S+)/.exec(said)?.[1]
      if (url !== undefined) resolve(url)
    })
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
  const { accessToken } = await createCall({ origin })(api.auth.login, { body: { username: 'admin', password } })
  const pid = server.pid ?? 0
  return {
    origin,
    accessToken,
    /** Of its embedded database, too. */
    dataFolder: folder,
    call: createCall({ origin, headers: () => ({ authorization: `Bearer ${accessToken}` }) }),
    /** Processor time of the server and its PostgreSQL. */
    cpuMs: () => cpuMsBelow(pid),
    memoryMiB: () => memoryMiB(pid),
    peakMemoryMiB: () => peakMemoryMiB(pid),
    forgetPeakMemory: () => forgetPeakMemory(pid),
    /** How late the event loop of the API was since the last call. */
    loopDelay: async (): Promise<LoopDelay> => {
      const answer = once(server, 'message')
      server.send('loop delay')
      const [delay] = (await answer) as [LoopDelay]
      return delay
    },
    [Symbol.asyncDispose]: async () => {
      const exit = once(server, 'exit')
      server.kill('SIGTERM')
      await exit
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Server = Awaited<ReturnType<typeof startServer>>

/** `OPSCONDUCTOR_BENCH_PROFILE=folder`: where the server leaves a profile of each of its threads. */
const profiling = (): string[] => {
  const folder = process.env['OPSCONDUCTOR_BENCH_PROFILE']
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}
