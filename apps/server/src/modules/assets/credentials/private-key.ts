import type { CredentialSecret } from '@opsconductor/contract'
import { describePrivateKey, TransportError } from '@opsconductor/transports'
import { invalid } from '../../../kernel/errors.ts'

/**
 * Reads the private key of an SSH credential, so that what no log-in could use is refused when it is saved.
 *
 * @param prefix where the secret is in the request's body, e.g. `secret.`
 * @returns the fingerprint of its public key; null for secrets that are no SSH key
 * @throws Refusal `invalid` that says whether the key or the passphrase is wrong
 */
export const readSshKey = (type: string, secret: CredentialSecret, prefix: string): string | null => {
  if (!type.startsWith('ssh_') || !('privateKey' in secret)) return null
  try {
    return describePrivateKey(secret.privateKey, secret.passphrase).fingerprint
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    const field = /passphrase/i.test(error.message) ? 'passphrase' : 'privateKey'
    throw invalid([{ path: `${prefix}${field}`, message: error.message }])
  }
}
