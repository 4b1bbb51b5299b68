import {
  AuthError,
  CancelledError,
  CommandTooLongError,
  ConnectionError,
  ProtocolError,
  QuotaError,
  RemoteFault,
  TimeoutError,
  TlsError,
  type WinrmError,
} from '@opsconductor/winrm'
import { TransportError, type ConnectPhase, type Fault } from '../fault.ts'
import { describeTlsCertificate } from './certificate.ts'
import { placeName, type WinrmEndpoint } from './endpoint.ts'

/** ERROR_ACCESS_DENIED: logged in, and not allowed to use the service. */
const ACCESS_DENIED = 5

const codeBelow = (error: unknown): string => {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code
  return ''
}

const ofConnection = (error: ConnectionError): [Fault, ConnectPhase] => {
  switch (codeBelow(error)) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return ['unreachable', 'dns']
    case 'ECONNREFUSED':
      return ['refused', 'connect']
    default:
      return ['unreachable', 'connect']
  }
}

const kindOf = (error: WinrmError): [Fault, ConnectPhase] => {
  if (error instanceof ConnectionError) return ofConnection(error)
  if (error instanceof TlsError) return [error.fingerprint === undefined ? 'protocol' : 'untrusted', 'host_key']
  if (error instanceof AuthError) return ['denied', 'authentication']
  if (error instanceof TimeoutError) return ['timeout', error.phase === 'connect' ? 'connect' : 'command']
  if (error instanceof CancelledError) return ['cancelled', 'command']
  if (error instanceof QuotaError) return ['refused', 'command']
  if (error instanceof RemoteFault && error.code === ACCESS_DENIED) return ['denied', 'authentication']
  return ['protocol', 'command']
}

const adviceOn = (error: WinrmError, { isHttps, transport }: WinrmEndpoint): string => {
  if (error instanceof RemoteFault && error.code === ACCESS_DENIED)
    return transport === 'winrs'
      ? 'WinRS needs an administrator of the machine; members of Remote Management Users are let in by the transport psrp.'
      : 'Make the account a member of Remote Management Users on the machine.'
  if (error instanceof AuthError)
    return 'Check the user name with its domain, the password, and that the machine allows this way to log in.'
  if (error instanceof QuotaError) return 'Wait until others have ended, or raise the quota on the machine.'
  if (error instanceof TlsError && error.fingerprint === undefined)
    return `Check that the port is WinRM's with${isHttps ? '' : 'out'} HTTPS.`
  if (error instanceof ConnectionError)
    return codeBelow(error) === 'ECONNREFUSED'
      ? 'Check the port, and that WinRM is switched on there (winrm quickconfig).'
      : 'Check the name, the network and the firewall.'
  if (error instanceof ProtocolError) return 'Check that the port is WinRM’s.'
  return ''
}

/** What the client throws as one of our faults. @param started whether the command may have begun */
export const winrmFault = (
  error: WinrmError,
  endpoint: WinrmEndpoint,
  phase?: ConnectPhase,
  started = false,
): TransportError => {
  const [fault, ownPhase] = kindOf(error)
  const advice = error instanceof CommandTooLongError ? '' : adviceOn(error, endpoint)
  const shown = error instanceof TlsError ? error.fingerprint : undefined
  const message = error.message.includes(endpoint.address.host)
    ? error.message
    : `${placeName(endpoint.address)}: ${error.message}`
  return new TransportError(
    fault,
    phase ?? ownPhase,
    [message, advice].filter(Boolean).join(' '),
    {
      ...endpoint.address,
      started,
      ...(shown === undefined ? {} : { offeredFingerprint: describeTlsCertificate(shown).fingerprint }),
    },
    error,
  )
}

export const untrustedCertificate = (
  { address }: WinrmEndpoint,
  sha256: string,
  verdict: { refused: string; expected?: string },
): TransportError => {
  const offered = describeTlsCertificate(sha256).fingerprint
  const expected = verdict.expected === undefined ? '' : ` Expected ${verdict.expected}.`
  return new TransportError(
    'untrusted',
    'host_key',
    `The certificate of ${placeName(address)} is not trusted: ${verdict.refused} It showed ${offered}.${expected} ` +
      'If it was renewed, compare the fingerprint on the machine and accept the new one.',
    {
      ...address,
      started: false,
      offeredFingerprint: offered,
      ...(verdict.expected === undefined ? {} : { expectedFingerprint: verdict.expected }),
    },
  )
}
