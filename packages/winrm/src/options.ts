import { isIPv6 } from 'node:net'
import type { Route } from './connection/dial.ts'
import type { LaneOptions } from './connection/lane.ts'
import type { TlsOptions } from './connection/trust.ts'
import { authenticationFor, type Credentials } from './credentials.ts'
import type { EndpointOptions } from './wsman/endpoint.ts'

/** Where the server is and how to talk with it. No environment variable changes anything: there is no proxy. */
export type ConnectOptions = {
  /** A name or an address; brackets around an IPv6 address do not matter. */
  readonly host: string
  /** Default 5985, with HTTPS 5986. */
  readonly port?: number | undefined
  readonly https?: boolean | undefined
  /** Certificates are always verified: by the system's authorities, your own, or a pinned fingerprint. */
  readonly tls?: TlsOptions | undefined
  /** Default `/wsman`. */
  readonly path?: string | undefined
  readonly credentials: Credentials
  /** For name, connection and TLS together. Default 10 s. */
  readonly connectTimeoutMs?: number | undefined
  /** How long the server may keep us waiting before it answers "nothing yet"; at most 60 s. Default 20 s. */
  readonly operationTimeoutMs?: number | undefined
  /** How much longer than that an answer may take on its way. Default 15 s. */
  readonly slackMs?: number | undefined
  /** For how long a lost connection is sought again while a command runs. Default 30 s. */
  readonly reconnectMs?: number | undefined
  /** How long a command has to end after it was told to; then its shell is deleted over its head. Default 5 s. */
  readonly stopMs?: number | undefined
  /** After so many commands a kept shell is replaced. Default 500; Windows ends at 1,500, 2008 R2 at 15. */
  readonly maxCommandsPerShell?: number | undefined
  /** The longest answer that is read. Default 4 MiB; Windows sends at most 500 KB unless told otherwise. */
  readonly maxAnswerBytes?: number | undefined
}

export type Settled = {
  readonly lane: LaneOptions
  readonly endpoint: EndpointOptions
  readonly reconnectMs: number
  readonly stopMs: number
  readonly maxCommandsPerShell: number
}

/** Every default filled in. @throws AuthError when the credentials do not fit the kind of connection */
export const settle = (options: ConnectOptions): Settled => {
  const { https = false, path = '/wsman', credentials } = options
  const host = options.host.replace(/^\[(.*)\]$/, '$1')
  const port = options.port ?? (https ? 5986 : 5985)
  const route: Route = {
    host,
    port,
    tls: https ? (options.tls ?? {}) : undefined,
    clientCertificate: credentials.type === 'certificate' ? credentials : undefined,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
  }
  const authentication = authenticationFor(credentials, https)
  return {
    lane: { route, path, authentication, maxAnswerBytes: options.maxAnswerBytes ?? 4_194_304 },
    endpoint: {
      to: `${https ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`,
      operationTimeoutMs: Math.min(options.operationTimeoutMs ?? 20_000, 60_000),
      slackMs: options.slackMs ?? 15_000,
    },
    reconnectMs: options.reconnectMs ?? 30_000,
    stopMs: options.stopMs ?? 5_000,
    maxCommandsPerShell: options.maxCommandsPerShell ?? 500,
  }
}
