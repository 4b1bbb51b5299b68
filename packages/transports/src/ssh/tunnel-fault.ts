import { TransportError, type Fault } from '../fault.ts'
import { placeName, type SshAddress } from './dial.ts'

/** Why a jump host opened no way to the next; OpenSSH answers with the words of its own system. */
export const tunnelFault = (from: SshAddress, to: SshAddress, said: string, cause: unknown): TransportError => {
  const say = (fault: Fault, phase: 'dns' | 'connect', message: string): TransportError =>
    new TransportError(fault, phase, message, { ...to, started: false, jumpHost: placeName(from), said }, cause)
  const [jump, place] = [placeName(from), placeName(to)]
  if (/administratively|prohibited|not allowed|denied/i.test(said))
    return say(
      'refused',
      'connect',
      `The jump host ${jump} does not open connections to ${place}. Check AllowTcpForwarding and PermitOpen in its sshd_config.`,
    )
  if (/resolve|name or service|not known|nodename/i.test(said))
    return say(
      'unreachable',
      'dns',
      `The jump host ${jump} does not know the name ${to.host}. Check the spelling, or use the IP address.`,
    )
  if (/refused/i.test(said))
    return say(
      'refused',
      'connect',
      `${place} refused the connection from the jump host ${jump}. Check the port, and that the SSH server runs there.`,
    )
  if (/timed out|timeout/i.test(said))
    return say(
      'timeout',
      'connect',
      `${place} did not answer the jump host ${jump}. Check the address, and that no firewall swallows the connection.`,
    )
  return say('unreachable', 'connect', `The jump host ${jump} cannot reach ${place} (${said}).`)
}
