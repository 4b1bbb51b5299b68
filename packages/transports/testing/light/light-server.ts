import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeHostKey, type HostKey } from '../../src/index.ts'
import type { LightNews, LightOrder, LightSettings } from './process.ts'

export interface LightServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly privateKey: string
  readonly pid: number
  hostKey(): HostKey
  /** Cuts all connections; resolves when that is done. */
  dropConnections(): Promise<void>
}

export type LightServerOptions = Partial<Pick<LightSettings, 'kex' | 'ciphers'>>

/** A server in a process of its own that lets in one key, and runs nothing; see ./process.ts. */
export const startLightServer = async ({
  kex = ['curve25519-sha256'],
  ciphers = ['aes128-gcm@openssh.com'],
}: LightServerOptions = {}): Promise<LightServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-light-'))
  for (const name of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  const [hostKey, hostPublic, privateKey, userKey] = await Promise.all(
    ['host', 'host.pub', 'user', 'user.pub'].map((name) => readFile(join(folder, name), 'utf8')),
  )
  await rm(folder, { recursive: true })
  if (hostKey === undefined || hostPublic === undefined || privateKey === undefined || userKey === undefined)
    throw new Error('ssh-keygen wrote no keys')

  const server = fork(join(import.meta.dirname, 'process.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ask = async (order: LightOrder): Promise<LightNews> => {
    const answer = once(server, 'message')
    server.send(order)
    const [news] = (await answer) as [LightNews]
    return news
  }
  const news = await ask({ hostKey, userKey, kex, ciphers })
  if (news === 'dropped') throw new Error('the server did not say its port')
  return {
    host: '127.0.0.1',
    port: news.port,
    username: 'bench',
    privateKey,
    pid: server.pid ?? 0,
    hostKey: () => describeHostKey(Buffer.from(hostPublic.split(' ')[1] ?? '', 'base64')),
    dropConnections: async () => {
      await ask('drop connections')
    },
    [Symbol.asyncDispose]: async () => {
      const exit = once(server, 'exit')
      server.kill('SIGKILL') // it keeps nothing
      await exit
    },
  }
}
