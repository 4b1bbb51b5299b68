import { type CredentialType, readAnswers } from '@opsconductor/contract'
import { filled } from '../../ui/check-form.ts'

export type SecretField = {
  name: string
  label: string
  /** `pem` is pasted or read from a file; `word` may be shown while typing; `lines` are some of them. */
  kind: 'word' | 'hidden' | 'pem' | 'choice' | 'lines'
  isOptional?: boolean
  /** Few need it: shown when asked for. */
  isRare?: boolean
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
const answers: SecretField = {
  name: 'answers',
  label: 'Answers to other questions',
  kind: 'lines',
  isOptional: true,
  isRare: true,
  hint: 'Words of the question, = and the answer, one on each line',
}
const secondProof: readonly SecretField[] = [
  {
    ...password,
    label: 'Password besides the key',
    isOptional: true,
    isRare: true,
    hint: 'Where the target asks for both',
  },
  answers,
]

/** The fields of every type's secret, in the order they are asked for; their rules are in the contract. */
export const secretShapes: Record<CredentialType, readonly SecretField[]> = {
  ssh_key: [login, privateKey, passphrase, ...secondProof],
  password: [login, password, { name: 'domain', label: 'Domain', kind: 'word', isOptional: true }, answers],
  ssh_certificate: [
    login,
    privateKey,
    { name: 'certificate', label: 'Certificate', kind: 'pem', hint: 'The file that ends in -cert.pub' },
    passphrase,
    ...secondProof,
  ],
  ssh_agent: [
    login,
    {
      name: 'socketPath',
      label: 'Socket of the key agent',
      kind: 'word',
      hint: 'On the executor’s machine; OPSCONDUCTOR_SSH_AGENT_SOCKETS there must name it',
    },
    {
      name: 'fingerprint',
      label: 'Fingerprint of the key',
      kind: 'word',
      isOptional: true,
      hint: 'Where the agent holds several: SHA256:… as ssh-add -l prints it',
    },
    ...secondProof,
  ],
  ssh_system: [
    {
      ...login,
      hint: 'Logs in by a Kerberos ticket or a key file of the executor’s account; OPSCONDUCTOR_SSH_SYSTEM_LOGIN there must allow it',
    },
  ],
  ssh_keyboard_interactive: [
    login,
    { ...password, isOptional: true, hint: 'Given where a password is asked for' },
    { ...answers, isOptional: false, isRare: false },
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

/** A secret as the API takes it, from what was typed. */
export const secretOf = ({ answers, ...typed }: Record<string, string>) => ({
  ...filled(typed),
  ...(answers === undefined || answers.trim() === '' ? {} : { answers: readAnswers(answers) }),
})

/** Where a mistake is shown: all answers are one field. */
export const secretPath = (path: string) => path.replace(/^((?:secret\.)?answers)\..*$/, '$1')
