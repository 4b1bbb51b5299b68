import type { Authentication } from './auth/authentication.ts'
import { basic } from './auth/basic.ts'
import { certificate } from './auth/certificate.ts'
import { kerberos, type KerberosAccount } from './auth/kerberos.ts'
import { ntlm } from './auth/ntlm.ts'
import type { ClientCertificate } from './connection/trust.ts'
import { AuthError } from './errors.ts'
import { ntHash } from './ntlm/response.ts'

/** Who we are, and how we say it. */
export type Credentials =
  | {
      readonly type: 'ntlm'
      /** `DOM\user`, `.\user`, `user@dom` or `user`. */
      readonly username: string
      readonly password: string
      /** Default `HTTP/<host>`. */
      readonly servicePrincipalName?: string | undefined
    }
  | {
      readonly type: 'ntlm'
      readonly username: string
      /** Instead of the password: its NT hash, 32 hexadecimal digits. */
      readonly ntHash: string
      readonly servicePrincipalName?: string | undefined
    }
  | {
      /** Only accounts of the machine itself. */
      readonly type: 'basic'
      readonly username: string
      readonly password: string
      /** Says the password in clear to whoever listens when there is no TLS; refused unless this is true. */
      readonly allowUnencrypted?: boolean | undefined
    }
  | ({
      /** By the system's GSSAPI library, which needs the optional package koffi. */
      readonly type: 'kerberos'
    } & KerberosAccount)
  | ({
      /** A TLS client certificate that Windows maps to an account; over HTTPS only. */
      readonly type: 'certificate'
    } & ClientCertificate)

const readHash = (hex: string): Buffer => {
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new AuthError('An NT hash has 32 hexadecimal digits.')
  return Buffer.from(hex, 'hex')
}

/** @throws AuthError when these credentials would be given away, or cannot be used, on this kind of connection */
export const authenticationFor = (credentials: Credentials, isEncrypted: boolean): Authentication => {
  switch (credentials.type) {
    case 'ntlm': {
      const { username, servicePrincipalName } = credentials
      const hash = 'ntHash' in credentials ? readHash(credentials.ntHash) : ntHash(credentials.password)
      return ntlm({ username, hash, servicePrincipalName })
    }
    case 'basic':
      if (!isEncrypted && credentials.allowUnencrypted !== true)
        throw new AuthError('Basic would send the password in clear: use HTTPS or NTLM, or set allowUnencrypted.')
      return basic(credentials.username, credentials.password)
    case 'kerberos':
      return kerberos(credentials)
    case 'certificate':
      if (!isEncrypted) throw new AuthError('A client certificate needs HTTPS.')
      return certificate
  }
}
