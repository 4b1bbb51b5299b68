import type { ConnectionEvents, Connection } from './connection.ts'
import type { SshAddress } from './dial.ts'
import type { Trust } from './handshake.ts'
import type { SshLogin } from './login.ts'
import type { Phases } from './phases.ts'
import type { OpeningTime } from './spare-session.ts'

/** What speaks SSH for us: the library ssh2 in this process, or the OpenSSH program of this machine. */
export type SshClient = 'ssh2' | 'openssh'

/** One machine to log in to: the target, or a jump host on the way. */
export type SshEndpoint = {
  address: SshAddress
  login: SshLogin
  /** Asked on every connect, also when an open connection is lent again. */
  trust: Trust
  /** Kinds of host keys known of it, e.g. `ssh-ed25519`: then no other kind is asked for. */
  knownAlgorithms?: readonly string[]
  /** `ssh2` unless told; `openssh` for what that cannot do: certificates, Kerberos, the server's own ssh_config. */
  client?: SshClient
}

/** How far a connection being made has come, and who wants to know. */
export type Making = {
  signal: AbortSignal
  phases: Phases
  events: ConnectionEvents
  times: OpeningTime
  /** The last jump host on the way, open. */
  via: Connection | undefined
}

/** Makes connections to one endpoint. */
export type Dial = (making: Making) => Promise<Connection>

export type Dialer = {
  /** Reads the login, so that what is wrong with it is said before anything is connected. Throws a TransportError. */
  prepare(endpoint: SshEndpoint): Dial
  close(): void
}
