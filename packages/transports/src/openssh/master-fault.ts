import { TransportError, type ConnectPhase, type Fault } from '../fault.ts'
import { placeName, type SshAddress } from '../ssh/dial.ts'
import { deniedFault } from '../ssh/handshake-fault.ts'
import { passwordExpired } from '../ssh/login.ts'

export type MasterEnd = {
  address: SshAddress
  username: string
  knownAlgorithms: readonly string[]
  phase: ConnectPhase
  /** What ssh said, its debugging left out. */
  said: readonly string[]
}

const accepted = (line: string): string[] => /Permission denied \(([^)]+)\)/.exec(line)?.[1]?.split(',') ?? []

/** Turns what ssh said before it gave up into one of our faults. */
export const masterFault = (end: MasterEnd): TransportError => {
  const { address, username, phase, knownAlgorithms } = end
  const place = placeName(address)
  const said = end.said.join('\n').slice(-2_000)
  const last = end.said.at(-1) ?? ''
  const cause = new Error(said || 'ssh said nothing')
  const say = (fault: Fault, at: ConnectPhase, message: string): TransportError =>
    new TransportError(fault, at, message, { ...address, started: false, said }, cause)

  if (/your password has expired|password change required|new password/i.test(said))
    return deniedFault(address, username, [], passwordExpired, cause)
  if (/Permission denied|Too many authentication failures/i.test(said))
    return deniedFault(address, username, accepted(said), '', cause)
  if (/no matching host key type/i.test(said) && knownAlgorithms.length > 0)
    return say(
      'untrusted',
      'host_key',
      `${place} no longer has a host key of the kind known of it (${knownAlgorithms.join(', ')}). ` +
        'If the machine was installed anew, compare the fingerprint on its console and accept the new key.',
    )
  if (/no matching/i.test(said))
    return say('protocol', 'host_key', `${place} and OpenSSH here share no algorithm (${last}).`)
  if (/Could not resolve hostname/i.test(said))
    return say(
      'unreachable',
      'dns',
      `The name ${address.host} is not known. Check the spelling, or use the IP address.`,
    )
  if (/Connection refused/i.test(said))
    return say(
      'refused',
      'connect',
      `${place} refused the connection. Check the port, and that the SSH server runs there.`,
    )
  if (/timed out|timeout/i.test(said))
    return say(
      'timeout',
      phase,
      `${place} did not answer. Check the address, and that no firewall swallows the connection.`,
    )
  if (/No route to host|unreachable/i.test(said))
    return say(
      'unreachable',
      'connect',
      `${place} cannot be reached (${last}). Check the address and the network between.`,
    )
  if (/Bad configuration option|keyword .* (extra|bad)|unknown option|Unsupported option/i.test(said))
    return say(
      'protocol',
      'connect',
      `OpenSSH here does not take its settings; 8.5 or newer is needed. It said: ${last}`,
    )
  if (/kex_exchange_identification|banner exchange|Connection (closed|reset)/i.test(said) && phase !== 'authentication')
    return say(
      'refused',
      'host_key',
      `${place} took the connection and closed it. It may have too many log-ins in progress (MaxStartups) or block this server.`,
    )
  return say('protocol', phase, `OpenSSH gave up on ${place}${last && ` (${last})`}.`)
}
