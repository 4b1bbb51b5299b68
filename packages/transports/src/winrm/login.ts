import type { Credentials } from '@opsconductor/winrm'

/** Who logs in to Windows, and how. User names are `DOM\user`, `.\user`, `user@dom` or `user`. */
export type WinrmLogin =
  | { kind: 'ntlm'; username: string; password: string }
  /** Without name and password: the ticket that the executor's own account holds. */
  | { kind: 'kerberos'; username?: string; password?: string }
  /** Accounts of the machine itself. Over plain HTTP the password is readable on the way: only when that is allowed. */
  | { kind: 'basic'; username: string; password: string; mayBeReadable?: boolean }
  /** A TLS client certificate that Windows maps to an account. HTTPS only. In PEM. */
  | { kind: 'certificate'; certificate: string; privateKey: string; passphrase?: string }

export const credentialsOf = (login: WinrmLogin): Credentials => {
  switch (login.kind) {
    case 'ntlm':
      return { type: 'ntlm', username: login.username, password: login.password }
    case 'kerberos': {
      const { username, password } = login
      return { type: 'kerberos', username, password }
    }
    case 'basic': {
      const { username, password, mayBeReadable } = login
      return { type: 'basic', username, password, allowUnencrypted: mayBeReadable }
    }
    case 'certificate': {
      const { certificate, privateKey, passphrase } = login
      return { type: 'certificate', cert: certificate, key: privateKey, passphrase }
    }
  }
}
