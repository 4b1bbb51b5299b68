import {
  connect,
  offers,
  psrp,
  TlsError,
  WinrmError,
  type Client,
  type ConnectOptions,
  type Psrp,
} from '@opsconductor/winrm'
import { TransportError } from '../fault.ts'
import { describeTlsCertificate, noFingerprint } from './certificate.ts'
import type { WinrmEndpoint } from './endpoint.ts'
import { credentialsOf } from './login.ts'
import { untrustedCertificate, winrmFault } from './winrm-fault.ts'

/** A machine we are logged in to. */
export type Station = {
  client: Client
  /** With the transport `psrp`: the PowerShell that stays. */
  remote: Psrp | undefined
  /** SHA-256 of the certificate that was trusted as the pinned one. */
  pinned: string | undefined
  close(): Promise<void>
}

export type StationLimits = {
  connectTimeoutMs: number
  /** For how long a lost connection is sought again while a command runs. */
  reconnectMs: number
  stopMs: number
}

/** How to connect, but for the certificate to expect. */
export const optionsFor = (endpoint: WinrmEndpoint, limits: StationLimits): ConnectOptions => {
  const { address, isHttps, path, login, trust } = endpoint
  return {
    ...address,
    https: isHttps,
    path,
    credentials: credentialsOf(login),
    ...limits,
    ...(isHttps && trust.kind === 'authority' && trust.ca !== undefined ? { tls: { ca: trust.ca } } : {}),
  }
}

/** Asks whether the certificate with this fingerprint is the right one. @throws TransportError `untrusted` */
export const requirePinned = async (endpoint: WinrmEndpoint, sha256: string): Promise<void> => {
  if (endpoint.trust.kind !== 'pinned') return
  const verdict = await endpoint.trust.decide(describeTlsCertificate(sha256))
  if (verdict !== 'trusted') throw untrustedCertificate(endpoint, sha256, verdict)
}

/** Why a machine was not asked. @throws TransportError of whoever pinned another certificate than the one it shows now */
export const whyUnasked = async (error: WinrmError, endpoint: WinrmEndpoint): Promise<TransportError> => {
  if (error instanceof TlsError && error.fingerprint !== undefined) await requirePinned(endpoint, error.fingerprint)
  return winrmFault(error, endpoint)
}

/** The fingerprint the server shows, without saying who we are. @throws WinrmError when it comes not so far */
const peek = async (options: ConnectOptions, signal: AbortSignal): Promise<string> => {
  try {
    await offers({ ...options, tls: { fingerprint: noFingerprint } }, signal)
  } catch (error) {
    if (error instanceof TlsError && error.fingerprint !== undefined) return error.fingerprint
    throw error
  }
  return noFingerprint
}

/**
 * The fingerprint to expect, once it is trusted: the pinned one as it is known, else the one that is shown now.
 *
 * @throws TransportError `untrusted`, WinrmError
 */
export const settlePinned = async (
  endpoint: WinrmEndpoint,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const { trust, isHttps } = endpoint
  if (!isHttps || trust.kind === 'authority') return undefined
  if (trust.known !== undefined) return trust.known
  const shown = await peek(options, signal)
  await requirePinned(endpoint, shown)
  return shown
}

/** Connects and logs in. @throws TransportError */
export const openStation = async (
  endpoint: WinrmEndpoint,
  limits: StationLimits,
  signal: AbortSignal,
): Promise<Station> => {
  const options = optionsFor(endpoint, limits)
  try {
    const pinned = await settlePinned(endpoint, options, signal)
    const client = await connect(pinned === undefined ? options : { ...options, tls: { fingerprint: pinned } }, signal)
    const remote = endpoint.transport === 'psrp' ? psrp(client) : undefined
    return {
      client,
      remote,
      pinned,
      close: async () => {
        await remote?.close()
        await client.close()
      },
    }
  } catch (error) {
    if (error instanceof TransportError) throw error
    if (error instanceof WinrmError) throw await whyUnasked(error, endpoint)
    throw error
  }
}

/**
 * Whether the machine is to show another certificate than when we logged in: another one was pinned since, or none is
 * pinned any more and it shows another one.
 *
 * @throws TransportError when it cannot be asked
 */
export const isOutdated = async (
  { pinned }: Station,
  endpoint: WinrmEndpoint,
  limits: StationLimits,
  signal: AbortSignal,
): Promise<boolean> => {
  if (pinned === undefined || endpoint.trust.kind !== 'pinned') return false
  try {
    return (endpoint.trust.known ?? (await peek(optionsFor(endpoint, limits), signal))) !== pinned
  } catch (error) {
    if (error instanceof WinrmError) throw winrmFault(error, endpoint)
    throw error
  }
}
