import type { CredentialType } from '@opsconductor/contract'

export type SecretField = {
  name: string
  label: string
  /** `pem` is pasted or read from a file; `word` may be shown while typing. */
  kind: 'word' | 'hidden' | 'pem' | 'choice'
  isOptional?: boolean
  hint?: string
  choices?: readonly string[]
}

const login: SecretField = { name: 'username', label: 'User name on the target', kind: 'word' }
const password: SecretField = { name: 'password', label: 'Password', kind: 'hidden' }
const passphrase: SecretField = {
  name: 'passphrase',
  label: 'Passphrase of the key',
  kind: 'hidden',
  isOptional: true,
  hint: 'Only where the key is encrypted',
}
const privateKey: SecretField = { name: 'privateKey', label: 'Private key', kind: 'pem' }

/** The fields of every type's secret, in the order they are asked for; their rules are in the contract. */
export const secretShapes: Record<CredentialType, readonly SecretField[]> = {
  ssh_key: [login, privateKey, passphrase],
  password: [login, password, { name: 'domain', label: 'Domain', kind: 'word', isOptional: true }],
  ssh_certificate: [
    login,
    privateKey,
    { name: 'certificate', label: 'Certificate', kind: 'pem', hint: 'The file that ends in -cert.pub' },
    passphrase,
  ],
  api_key: [
    { name: 'key', label: 'Key', kind: 'hidden' },
    { name: 'header', label: 'Header', kind: 'word', isOptional: true, hint: 'Which header carries it' },
  ],
  bearer: [{ name: 'token', label: 'Token', kind: 'hidden' }],
  certificate: [{ name: 'certificate', label: 'Certificate', kind: 'pem' }, privateKey, passphrase],
  windows_domain: [login, password, { name: 'domain', label: 'Domain', kind: 'word' }],
  snmp_community: [{ name: 'community', label: 'Community', kind: 'hidden' }],
  snmp_v3: [
    { name: 'username', label: 'User name', kind: 'word' },
    {
      name: 'authProtocol',
      label: 'Authentication',
      kind: 'choice',
      isOptional: true,
      choices: ['MD5', 'SHA', 'SHA256', 'SHA512'],
    },
    { name: 'authPassword', label: 'Authentication password', kind: 'hidden', isOptional: true },
    { name: 'privacyProtocol', label: 'Privacy', kind: 'choice', isOptional: true, choices: ['DES', 'AES', 'AES256'] },
    { name: 'privacyPassword', label: 'Privacy password', kind: 'hidden', isOptional: true },
  ],
}
