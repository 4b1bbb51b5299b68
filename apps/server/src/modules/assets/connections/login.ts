import { type SshLogin, TransportError } from '@opsconductor/transports'
import type { OpenedSecret } from '../credentials/secrets.ts'

/** What a credential is to SSH. @throws TransportError `denied` when it is nothing that logs in over SSH */
export const sshLogin = (name: string, opened: OpenedSecret): SshLogin => {
  switch (opened.type) {
    case 'password':
    case 'windows_domain': {
      const { username, password, domain } = opened.secret
      // a domain in the way OpenSSH for Windows wants it; sshd elsewhere knows none
      return { kind: 'password', username: domain === undefined ? username : `${domain}\\${username}`, password }
    }
    case 'ssh_key': {
      const { username, privateKey, passphrase } = opened.secret
      return { kind: 'ssh_key', username, privateKey, ...(passphrase === undefined ? {} : { passphrase }) }
    }
    case 'ssh_certificate':
      throw denied(`OpsConductor cannot log in with an SSH certificate yet; "${name}" is one. Use an SSH key.`)
    case 'api_key':
    case 'bearer':
    case 'certificate':
    case 'snmp_community':
    case 'snmp_v3':
    default:
      throw denied(`The credential "${name}" is of type ${opened.type}, which does not log in over SSH.`)
  }
}

export const denied = (message: string, cause?: unknown) =>
  new TransportError('denied', 'authentication', message, { started: false }, cause)
