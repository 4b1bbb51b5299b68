import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { CredentialSecret } from '@opsconductor/contract'
import { invalid } from '../../../kernel/errors.ts'

type ClientCertificate = CredentialSecret<'certificate'>

/**
 * Reads a certificate and its key, so that what no log-in could use is refused when it is saved.
 *
 * @param prefix where the secret is in the request's body, e.g. `secret.`
 * @throws Refusal `invalid` that says which part is wrong, without repeating it
 */
export const checkClientCertificate = ({ certificate, ...locked }: ClientCertificate, prefix: string): void => {
  const key = readKey(locked, prefix)
  if (!readCertificate(certificate, prefix).checkPrivateKey(key))
    throw invalid([{ path: `${prefix}certificate`, message: 'This certificate is for another key.' }])
}

const readCertificate = (certificate: string, prefix: string): X509Certificate => {
  try {
    return new X509Certificate(certificate)
  } catch {
    const message = 'The certificate cannot be read. Paste it in PEM: -----BEGIN CERTIFICATE----- and what follows.'
    throw invalid([{ path: `${prefix}certificate`, message }])
  }
}

const readKey = ({ privateKey, passphrase }: Omit<ClientCertificate, 'certificate'>, prefix: string): KeyObject => {
  const isLocked = /ENCRYPTED/.test(privateKey)
  if (isLocked && passphrase === undefined)
    throw invalid([{ path: `${prefix}passphrase`, message: 'The private key is protected by a passphrase. Enter it.' }])
  try {
    return createPrivateKey({ key: privateKey, format: 'pem', ...(isLocked ? { passphrase } : {}) })
  } catch {
    throw invalid([
      isLocked
        ? { path: `${prefix}passphrase`, message: 'The passphrase does not fit this key, or the key is damaged.' }
        : {
            path: `${prefix}privateKey`,
            message: 'The private key cannot be read. Paste it in PEM: -----BEGIN PRIVATE KEY----- and what follows.',
          },
    ])
  }
}
