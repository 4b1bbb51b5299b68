import type { WinrmAuth } from '@opsconductor/contract'
import type { WinrmLogin } from '@opsconductor/transports'
import type { OpenedSecret } from '../credentials/secrets.ts'
import type { RunWinrm } from '../targets/run-targets.ts'
import { denied } from './login.ts'

/** `DOM\user`, as NTLM knows it; a name that says its domain already stays as it is. */
const accountOf = ({ username, domain }: { username: string; domain?: string | undefined }) =>
  domain === undefined || /[\\@]/.test(username) ? username : `${domain}\\${username}`

/** `user@REALM`, as Kerberos knows it: realms are written in capitals. */
const principalOf = ({ username, domain }: { username: string; domain?: string | undefined }) => {
  const [ownDomain, ownName] = username.includes('\\') ? username.split('\\') : [domain, username]
  return ownDomain === undefined || username.includes('@') ? username : `${ownName}@${ownDomain.toUpperCase()}`
}

/** What a credential is to WinRM. @throws TransportError `denied` when it is nothing that logs in so */
export const winrmLogin = (name: string, opened: OpenedSecret, { auth, mayBeReadable }: RunWinrm): WinrmLogin => {
  switch (opened.type) {
    case 'password':
    case 'windows_domain':
      return passwordLogin(name, opened.secret, auth, mayBeReadable)
    case 'certificate': {
      const { certificate, privateKey, passphrase } = opened.secret
      return { kind: 'certificate', certificate, privateKey, ...(passphrase === undefined ? {} : { passphrase }) }
    }
    case 'ssh_key':
    case 'ssh_certificate':
    case 'ssh_agent':
    case 'ssh_system':
    case 'ssh_keyboard_interactive':
    case 'api_key':
    case 'bearer':
    case 'snmp_community':
    case 'snmp_v3':
    default:
      throw denied(`The credential "${name}" is of type ${opened.type}, which does not log in over WinRM.`)
  }
}

type Account = { username: string; password: string; domain?: string | undefined }

const passwordLogin = (name: string, account: Account, auth: WinrmAuth, mayBeReadable: boolean): WinrmLogin => {
  const { username, password } = account
  switch (auth) {
    case 'ntlm':
      return { kind: 'ntlm', username: accountOf(account), password }
    case 'kerberos':
      return { kind: 'kerberos', username: principalOf(account), password }
    case 'basic':
      return { kind: 'basic', username, password, mayBeReadable }
    case 'certificate':
      throw denied(`The method logs in with a client certificate, and "${name}" is a password. Change one of them.`)
  }
}
