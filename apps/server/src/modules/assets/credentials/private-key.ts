import type { CredentialSecret } from '@opsconductor/contract'
import { describeCertificate, describePrivateKey, TransportError } from '@opsconductor/transports'
import { invalid } from '../../../kernel/errors.ts'
import { checkClientCertificate } from './client-certificate.ts'

/**
 * Reads the private key of a credential, and the certificate beside it, so that what no log-in could use is refused when
 * it is saved.
 *
 * @param prefix where the secret is in the request's body, e.g. `secret.`
 * @returns the fingerprint of the public key of an SSH key; null for other secrets
 * @throws Refusal `invalid` that says whether the key or the passphrase is wrong
 */
export const readPrivateKey = (type: string, secret: CredentialSecret, prefix: string): string | null => {
  if (type === 'ssh_agent') return ('fingerprint' in secret && secret.fingerprint) || null
  if (type === 'certificate') checkClientCertificate(secret as CredentialSecret<'certificate'>, prefix)
  if (!type.startsWith('ssh_') || !('privateKey' in secret)) return null
  try {
    const { fingerprint } = describePrivateKey(secret.privateKey, secret.passphrase)
    if (type === 'ssh_certificate' && 'certificate' in secret)
      refuseUnfit(secret.certificate, fingerprint, `${prefix}certificate`)
    return fingerprint
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    const field = (['passphrase', 'certificate'] as const).find((word) => error.message.toLowerCase().includes(word))
    throw invalid([{ path: `${prefix}${field ?? 'privateKey'}`, message: error.message }])
  }
}

/** A certificate that cannot log in with this key. */
const refuseUnfit = (certificate: string, keyFingerprint: string, path: string) => {
  const { fingerprint, isForUsers } = describeCertificate(certificate)
  if (!isForUsers) throw invalid([{ path, message: 'This is the certificate of a host, not of a user.' }])
  if (fingerprint !== keyFingerprint)
    throw invalid([{ path, message: `This certificate is for another key, ${fingerprint}.` }])
}
