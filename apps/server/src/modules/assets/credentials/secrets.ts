import {
  type CredentialSecret,
  type CredentialType,
  type FieldProblem,
  type LoginAnswer,
  credentialSecrets,
  isMaskable,
} from '@opsconductor/contract'
import { invalid } from '../../../kernel/errors.ts'
import type { Vault } from '../../../kernel/vault/vault.ts'

/** A credential's secret and its type, so that the one tells the shape of the other. */
export type OpenedSecret = { [T in CredentialType]: { type: T; secret: CredentialSecret<T> } }[CredentialType]

// bound to the credential: an envelope that is moved to another row does not open
const belongsTo = (credentialUuid: string) => `credential:${credentialUuid}`

export const sealSecret = (vault: Vault, credentialUuid: string, secret: CredentialSecret) => ({
  sealedSecret: vault.seal(Buffer.from(JSON.stringify(secret)), belongsTo(credentialUuid)),
  keyVersion: vault.keyVersion,
})

/** @throws Error when the envelope does not open: moved, changed, or sealed by a master key that is not here */
export const openSecret = (vault: Vault, credentialUuid: string, type: string, sealed: Buffer): OpenedSecret =>
  ({ type, secret: JSON.parse(vault.open(sealed, belongsTo(credentialUuid)).toString()) as unknown }) as OpenedSecret

export const usernameOf = (secret: CredentialSecret): string | null => ('username' in secret ? secret.username : null)

/** Reads a secret that came without its type, which the credential knows. @throws Refusal `invalid` */
export const parseSecret = (type: CredentialType, input: unknown): CredentialSecret => {
  const parsed = credentialSecrets[type].safeParse(input)
  if (parsed.success) return parsed.data
  throw invalid(
    parsed.error.issues.flatMap((issue): FieldProblem[] =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ path: key, message: `a credential of type ${type} has no such field` }))
        : [{ path: issue.path.join('.'), message: issue.message }],
    ),
  )
}

const publicFields = new Set([
  'username',
  'domain',
  'header',
  'certificate',
  'authProtocol',
  'privacyProtocol',
  'socketPath',
  'fingerprint',
])
/** Of a key's base64 the last line may be a few letters that occur anywhere. */
const shortestKeyLine = 16

/** The texts that no output may show. A key is shown line by line, with whatever indentation, so it is hidden so. */
export const textsToHide = (secret: CredentialSecret): string[] =>
  Object.entries(secret).flatMap(([field, text]: [string, string | LoginAnswer[] | undefined]) => {
    if (text === undefined || publicFields.has(field)) return []
    if (typeof text !== 'string') return text.map(({ answer }) => answer)
    if (field !== 'privateKey') return isMaskable(text) ? [text] : []
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.length >= shortestKeyLine && /^[A-Za-z0-9+/=]+$/.test(line))
  })
