import { credentialSecrets, type CredentialType, readAnswers } from '@opsconductor/contract'
import { Failure } from './failure.ts'
import type { Opsctl } from './opsctl.ts'
import { readSecret, readText } from './read-input.ts'

/** Parts of a credential that are no secret and may be arguments. */
const plainFields = {
  username: 'login of the credential',
  domain: 'Windows domain',
  socketPath: 'socket of a key agent, on the executor',
  fingerprint: 'chooses a key of the agent: SHA256:…',
  header: 'header that carries an API key',
  authProtocol: 'SNMP v3: MD5, SHA, SHA256 or SHA512',
  privacyProtocol: 'SNMP v3: DES, AES or AES256',
} as const

/** Secret parts come from a file, from stdin, or, where they are one line, from the terminal without echo. */
const secretFields = {
  password: 'line',
  privateKey: 'file',
  certificate: 'file',
  passphrase: 'line',
  answers: 'file',
  key: 'line',
  token: 'line',
  community: 'line',
  authPassword: 'line',
  privacyPassword: 'line',
} as const satisfies Record<string, 'line' | 'file'>

export type SecretOptions = Record<string, unknown> & { passwordStdin?: boolean }

/** `--private-key-file <file>` and its like: flag and description of every part of every type. */
export const secretOptions = (): [flag: string, description: string][] => [
  ...Object.entries(plainFields).map(([field, text]): [string, string] => [`--${dashed(field)} <text>`, text]),
  ...Object.keys(secretFields).map((field): [string, string] => [
    `--${dashed(field)}-file <file>`,
    field === 'answers' ? 'lines such as: verification code = 123456' : '- is stdin',
  ]),
  ['--password-stdin', 'the same as --password-file -'],
]

/**
 * The secret of a credential in the shape of its type. What the type does not have is refused, what it needs and was
 * not given is asked for at the terminal.
 */
export const collectSecret = async (ctx: Opsctl, type: CredentialType, options: SecretOptions) => {
  const fields = Object.entries(credentialSecrets[type].shape).map(([name, schema]) => ({
    name,
    isOptional: schema.safeParse(undefined).success,
  }))
  refuseOthers(
    type,
    fields.map((field) => field.name),
    options,
  )
  const texts: Record<string, string> = {}
  for (const { name, isOptional } of fields) {
    const value = await valueOf(ctx, { name, isOptional, type, options, secret: texts })
    if (value !== undefined) texts[name] = value
  }
  const { answers, ...secret } = texts
  return answers === undefined ? secret : { ...secret, answers: readAnswers(answers) }
}

const refuseOthers = (type: CredentialType, has: string[], options: SecretOptions) => {
  const given = [
    ...Object.keys(plainFields).filter((name) => options[name] !== undefined),
    ...Object.keys(secretFields).filter((name) => sourceOf(name, options) !== undefined),
  ]
  const other = given.find((name) => !has.includes(name))
  if (other === undefined) return
  throw new Failure('usage', `A credential of type ${type} has no ${dashed(other)}`, {
    hint: `It has: ${has.map(dashed).join(', ')}`,
  })
}

type Wanted = {
  name: string
  isOptional: boolean
  type: CredentialType
  options: SecretOptions
  secret: Record<string, string>
}

const valueOf = async ({ asker }: Opsctl, { name, isOptional, type, options, secret }: Wanted) => {
  if (Object.hasOwn(plainFields, name)) {
    const value = options[name]
    if (typeof value === 'string') return value
    if (isOptional) return undefined
    return asker.text(titled(name), `A credential of type ${type} needs --${dashed(name)}`)
  }
  const file = sourceOf(name, options)
  const otherwise = `A credential of type ${type} needs --${dashed(name)}-file`
  if (secretFields[name as keyof typeof secretFields] === 'file') {
    if (file !== undefined) return readText(asker, file)
    if (isOptional) return undefined
    throw new Failure('usage', otherwise)
  }
  const isNeeded = !isOptional || (name === 'passphrase' && isEncryptedKey(secret['privateKey'] ?? ''))
  if (file === undefined && !isNeeded) return undefined
  const why = name === 'passphrase' ? 'The private key is encrypted: give --passphrase-file' : otherwise
  return readSecret(asker, { file, question: titled(name), otherwise: why })
}

const sourceOf = (name: string, options: SecretOptions) => {
  const file = options[`${name}File`]
  if (typeof file === 'string') return file
  return name === 'password' && options.passwordStdin === true ? '-' : undefined
}

/**
 * Does a private key need a passphrase? PEM says so in words (RFC 1421 §4.6, PKCS #8); OpenSSH's own format names its
 * cipher after the magic `openssh-key-v1\0`, `none` where there is none (OpenSSH, PROTOCOL.key).
 */
export const isEncryptedKey = (text: string) => {
  if (/ENCRYPTED/.test(text)) return true
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1]
  if (body === undefined) return false
  const bytes = Buffer.from(body, 'base64')
  const lengthAt = 'openssh-key-v1\0'.length
  if (bytes.length < lengthAt + 4) return false
  const cipherAt = lengthAt + 4
  return bytes.toString('latin1', cipherAt, cipherAt + bytes.readUInt32BE(lengthAt)) !== 'none'
}

const dashed = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const titled = (name: string) => {
  const words = dashed(name).replaceAll('-', ' ')
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}
