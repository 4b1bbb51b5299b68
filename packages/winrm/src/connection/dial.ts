import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { ConnectionError, TlsError } from '../errors.ts'
import { requireTrust, tlsSettings, type ClientCertificate, type TlsOptions } from './trust.ts'
import { within } from './waiting.ts'

/** Where the server is, and how to get there. */
export type Route = {
  readonly host: string
  readonly port: number
  /** Absent: plain HTTP. */
  readonly tls: TlsOptions | undefined
  readonly clientCertificate: ClientCertificate | undefined
  /** For name, connection and TLS together. */
  readonly connectTimeoutMs: number
}

/** How far a connection has come. Told as each phase is over. */
export type PhaseDone = (phase: 'dns' | 'connect' | 'tls' | 'authentication', detail: string) => void

export type Dialled = {
  readonly socket: Socket
  /** The server's certificate; absent without TLS. */
  readonly certificate: { readonly der: Buffer; readonly fingerprint: string } | undefined
}

const once = (socket: Socket, event: 'connect' | 'secureConnect') =>
  new Promise<void>((resolve, reject) => {
    socket.once(event, resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed the connection')))
  })

const resolveName = async (host: string) => {
  if (isIP(host) !== 0) return [{ address: host, family: isIP(host) }]
  try {
    return await lookup(host, { all: true })
  } catch (error) {
    throw new ConnectionError(`The name ${host} cannot be resolved.`, { cause: error })
  }
}

const place = (host: string, port: number) => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`)

/**
 * A new connection: no proxy, no delay, keep-alive. Its errors are its caller's, and never end the process.
 * @throws ConnectionError, TlsError, TimeoutError, CancelledError
 */
export const dial = (route: Route, phaseDone?: PhaseDone, signal?: AbortSignal): Promise<Dialled> => {
  const { host, port, tls } = route
  let open: Socket | undefined
  let isOver = false

  const work = async (): Promise<Dialled> => {
    const addresses = await resolveName(host)
    phaseDone?.('dns', addresses.map(({ address }) => address).join(', '))
    if (isOver) throw new ConnectionError('Given up.')

    const tcp = connectTcp({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      // all addresses, tried side by side (RFC 8305), without asking again
      lookup: (_host, _options, done) => done(null, addresses),
    })
    open = tcp
    tcp.on('error', () => {}) // whoever waits hears it from 'close' or from the request
    try {
      await once(tcp, 'connect')
    } catch (error) {
      throw new ConnectionError(`${place(host, port)} cannot be reached: ${(error as Error).message}`, { cause: error })
    }
    phaseDone?.('connect', `${tcp.remoteAddress}`)
    if (tls === undefined) return { socket: tcp, certificate: undefined }

    let secure: TLSSocket
    try {
      secure = connectTls({ ...tlsSettings(host, tls, route.clientCertificate), socket: tcp })
      open = secure
      secure.on('error', () => {})
      await once(secure, 'secureConnect')
    } catch (error) {
      throw new TlsError(`TLS with ${place(host, port)} failed: ${(error as Error).message}`, { cause: error })
    }
    const certificate = requireTrust(secure, secure.getPeerCertificate(), tls)
    phaseDone?.('tls', certificate.fingerprint)
    return { socket: secure, certificate }
  }

  const giveUp = () => {
    isOver = true
    open?.destroy()
  }
  const attempt = work().catch((error: unknown) => {
    giveUp()
    throw error
  })
  const what = `Connecting to ${place(host, port)}`
  return within({ phase: 'connect', limitMs: route.connectTimeoutMs, what, signal }, attempt, giveUp)
}
