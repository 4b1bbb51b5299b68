import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api, createCall } from '@opsconductor/contract'

const program = join(import.meta.dirname, '../../apps/server/src/main.ts')
const password = 'only for this measurement'

/** A server as a user starts it: a process of its own, all services, an embedded PostgreSQL in a folder that goes away. */
export const startServer = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-bench-'))
  await chmod(folder, 0o711) // as root, PostgreSQL runs as another account that must come in
  const server = spawn(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'],
      OPSCONDUCTOR_DATA_DIR: folder,
      OPSCONDUCTOR_PORT: '0',
      OPSCONDUCTOR_ADMIN_PASSWORD: password,
      OPSCONDUCTOR_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const origin = await new Promise<string>((resolve, reject) => {
    let said = ''
    server.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      const url = /is ready:\s+(http\S+)/.exec(said)?.[1]
      if (url !== undefined) resolve(url)
    })
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
  const { accessToken } = await createCall({ origin })(api.auth.login, { body: { username: 'admin', password } })
  return {
    origin,
    accessToken,
    call: createCall({ origin, headers: () => ({ authorization: `Bearer ${accessToken}` }) }),
    [Symbol.asyncDispose]: async () => {
      const exit = once(server, 'exit')
      server.kill('SIGTERM')
      await exit
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Server = Awaited<ReturnType<typeof startServer>>
