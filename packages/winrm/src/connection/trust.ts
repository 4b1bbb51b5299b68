import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { ConnectionOptions, PeerCertificate, TLSSocket } from 'node:tls'
import { TlsError } from '../errors.ts'

/** Whom we trust over TLS, and with what we show ourselves. */
export type TlsOptions = {
  /** Own authorities instead of the system's, in PEM. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined
  /** SHA-256 of the one certificate to trust, in hexadecimal, colons and case do not matter. Replaces every other check. */
  readonly fingerprint?: string | undefined
  /** The name the certificate must bear; default is the host. */
  readonly servername?: string | undefined
}

/** In PEM. */
export type ClientCertificate = {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  readonly passphrase?: string | undefined
}

const plainHex = (fingerprint: string) => fingerprint.replaceAll(/[^0-9a-f]/gi, '').toLowerCase()

export const tlsSettings = (
  host: string,
  options: TlsOptions,
  client: ClientCertificate | undefined,
): ConnectionOptions => {
  const name = options.servername ?? host
  return {
    host: name,
    ALPNProtocols: ['http/1.1'],
    // the caller checks with `requireTrust`, so that the error can say which certificate was shown
    rejectUnauthorized: false,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(options.ca === undefined ? {} : { ca: options.ca as string | Buffer | (string | Buffer)[] }),
    ...(client === undefined
      ? {}
      : // WinRM asks for the certificate after the handshake, which TLS 1.3 does in a way Windows and Node do not share
        { cert: client.cert, key: client.key, passphrase: client.passphrase, maxVersion: 'TLSv1.2' as const }),
  }
}

/** The certificate the server showed, when it is to be trusted. @throws TlsError */
export const requireTrust = (
  socket: TLSSocket,
  certificate: PeerCertificate,
  { fingerprint }: TlsOptions,
): { readonly der: Buffer; readonly fingerprint: string } => {
  if (certificate.raw === undefined) throw new TlsError('The server showed no certificate.')
  const shown = createHash('sha256').update(certificate.raw).digest('hex')
  if (fingerprint !== undefined) {
    if (plainHex(fingerprint) !== shown)
      throw new TlsError(`The server's certificate has another fingerprint than the pinned one: ${shown}.`, {
        fingerprint: shown,
      })
  } else if (!socket.authorized) {
    const reason = String(socket.authorizationError)
    throw new TlsError(`The server's certificate is not trusted (${reason}); its SHA-256 fingerprint is ${shown}.`, {
      fingerprint: shown,
      cause: socket.authorizationError,
    })
  }
  return { der: certificate.raw, fingerprint: shown }
}
