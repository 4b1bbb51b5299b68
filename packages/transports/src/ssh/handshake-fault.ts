import { TransportError, type ConnectPhase, type Fault } from '../fault.ts'
import { codeOf, placeName, type SshAddress } from './dial.ts'
import type { HostKey } from './host-key.ts'

export const untrustedFault = (
  address: SshAddress,
  offered: HostKey,
  verdict: { refused: string; expected?: string },
): TransportError => {
  const expected = verdict.expected === undefined ? '' : ` Expected ${verdict.expected}.`
  return new TransportError(
    'untrusted',
    'host_key',
    `The host key of ${placeName(address)} is not trusted: ${verdict.refused} ` +
      `It showed ${offered.fingerprint} (${offered.algorithm}).${expected} ` +
      'If the machine was installed anew, compare the fingerprint on its console and accept the new key.',
    {
      ...address,
      started: false,
      offeredFingerprint: offered.fingerprint,
      ...(verdict.expected === undefined ? {} : { expectedFingerprint: verdict.expected }),
    },
  )
}

const nameOf: Record<string, string> = {
  publickey: 'keys',
  password: 'passwords',
  'keyboard-interactive': 'typed answers',
}

export const deniedFault = (
  address: SshAddress,
  username: string,
  acceptedMethods: readonly string[],
  more: string,
  cause?: unknown,
): TransportError => {
  const accepts = acceptedMethods.map((method) => nameOf[method] ?? method).join(', ')
  return new TransportError(
    'denied',
    'authentication',
    [
      `${placeName(address)} denied the log-in of '${username}'.`,
      more || 'Check the user name and the credential, and that the key is in its authorized_keys.',
      accepts && `It accepts: ${accepts}.`,
    ]
      .filter(Boolean)
      .join(' '),
    { ...address, started: false, acceptedMethods },
    cause,
  )
}

// ssh2 says so of its errors: 'agent', 'client-authentication', 'handshake' …
const levelOf = (error: Error | undefined): unknown =>
  error !== undefined && 'level' in error ? error.level : undefined

/** Turns what ssh2 reports, or a plain close (no `cause`), into one of our faults. */
export const handshakeFault = (
  address: SshAddress,
  request: { login: { username: string }; knownAlgorithms?: readonly string[] | undefined },
  phase: ConnectPhase,
  hasIdentified: boolean,
  cause?: Error,
): TransportError => {
  const place = placeName(address)
  const say = (fault: Fault, message: string): TransportError =>
    new TransportError(fault, phase, message, { ...address, started: false }, cause)
  const reason = cause?.message ?? ''

  if (!hasIdentified || /lost before handshake/.test(reason))
    return say(
      'refused',
      `${place} took the connection and closed it at once. It may have too many log-ins in progress (MaxStartups) or block this server.`,
    )
  if (/no matching host key format/.test(reason) && (request.knownAlgorithms?.length ?? 0) > 0)
    return say(
      'untrusted',
      `${place} no longer has a host key of the kind known of it (${request.knownAlgorithms?.join(', ')}). ` +
        'If the machine was installed anew, compare the fingerprint on its console and accept the new key.',
    )
  if (/no matching/.test(reason))
    return say(
      'protocol',
      `${place} and OpsConductor share no algorithm (${reason}). Allow a current one in its sshd_config.`,
    )
  if (levelOf(cause) === 'agent')
    return deniedFault(
      address,
      request.login.username,
      [],
      `The key agent does not answer as expected: ${reason}.`,
      cause,
    )
  if (phase === 'authentication') {
    if (/authentication fail/i.test(reason))
      return deniedFault(address, request.login.username, [], `It said: ${reason}.`, cause)
    return say(
      'protocol',
      `${place} ended the connection during the log-in${reason && ` (${reason})`}. Its log says why.`,
    )
  }
  if (codeOf(cause) === 'ECONNRESET' || cause === undefined)
    return say('protocol', `${place} ended the connection during the key exchange. Its log says why.`)
  return say('protocol', `What answers at ${place} does not speak SSH as expected (${reason}). Check the port.`)
}
