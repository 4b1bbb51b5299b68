import type { CredentialSecret } from '@opsconductor/contract'
import { createSshWire, type SshLogin } from '@opsconductor/transports'
import { invalid } from '../../../kernel/errors.ts'
import { fingerprintOf } from './public-key.ts'

/**
 * Opens the private key of an SSH credential once, so that what no log-in could use is refused when it is saved.
 *
 * @param prefix where the secret is in the request's body, e.g. `secret.`
 * @returns the fingerprint of its public key; null for secrets that are no SSH key
 * @throws Refusal `invalid` that says whether the key or the passphrase is wrong
 */
export const readSshKey = async (type: string, secret: CredentialSecret, prefix: string): Promise<string | null> => {
  if (!type.startsWith('ssh_') || !('privateKey' in secret)) return null
  const { privateKey, passphrase } = secret
  const complaint = await complaintAbout({
    kind: 'ssh_key',
    username: 'nobody',
    privateKey,
    ...(passphrase === undefined ? {} : { passphrase }),
  })
  if (complaint !== null) {
    throw invalid([
      { path: `${prefix}${/passphrase/i.test(complaint) ? 'passphrase' : 'privateKey'}`, message: complaint },
    ])
  }
  return fingerprintOf(privateKey, passphrase)
}

/** A wire reads the key before it goes anywhere; this one is given up before it does. */
const complaintAbout = async (login: SshLogin): Promise<string | null> => {
  await using wire = createSshWire()
  const { error } = await wire.probe({
    address: { host: 'localhost', port: 22 },
    login,
    trust: async () => ({ refused: 'Nothing is connected here.' }),
    signal: AbortSignal.abort(),
  })
  return error?.fault === 'denied' ? error.message : null
}
