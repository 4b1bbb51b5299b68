import { type HostKey } from '@opsconductor/transports'
import { type LightServer, startLightServer, startSshd, type Sshd } from '@opsconductor/transports/testing'
import { cipher, quickKex } from './algorithms.ts'

/** Many targets of one SSH server: each has a name and connections of its own. */
export interface Targets extends AsyncDisposable {
  readonly kind: 'sshd' | 'light server'
  readonly names: readonly string[]
  readonly host: string
  readonly port: number
  readonly username: string
  readonly privateKey: string
  readonly hostKey: HostKey
  readonly pid: number
  /** Cuts all connections, so that the next commands begin cold. */
  dropConnections(): Promise<void>
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `t${String(index + 1).padStart(4, '0')}`)

/** OpenSSH's server. It also takes the key exchange that OpenSSH prefers, to show what that costs. */
export const startSshdTargets = async (count: number): Promise<Targets> => {
  const settings = { Ciphers: cipher, MaxStartups: '5000', MaxSessions: '20' }
  const sshd = await startSshd({ settings })
  return {
    kind: 'sshd',
    names: names(count),
    ...common(sshd),
    pid: sshd.pid(),
    dropConnections: async () => sshd.dropConnections(),
  }
}

/** A server that runs nothing: what is measured is the client. */
export const startLightTargets = async (count: number): Promise<Targets> => {
  const server = await startLightServer({ kex: [quickKex], ciphers: [cipher] })
  return {
    kind: 'light server',
    names: names(count),
    ...common(server),
    pid: server.pid,
    dropConnections: () => server.dropConnections(),
  }
}

const common = (server: Sshd | LightServer) => ({
  host: server.host,
  port: server.port,
  username: server.username,
  privateKey: server.privateKey,
  hostKey: server.hostKey(),
  [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
})
