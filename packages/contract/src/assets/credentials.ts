import { Name, Note, Ref, Time, Uuid, isOneLine } from '../identifiers.ts'
import { Flag, ListQuery, pageOf } from '../lists.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'

const Login = z.string().trim().min(1).max(200).refine(isOneLine, 'one line')
/** Shorter secrets cannot be masked in output without blackening half of it. */
export const secretMinLength = 4
/** Whether outputs can be kept free of a secret: spaces around it do not count, and a sign beyond UTF-16's first plane is one. */
export const isMaskable = (text: string) => Array.from(text.replaceAll('\r\n', '\n').trim()).length >= secretMinLength
const tooShort = `at least ${secretMinLength} characters, shorter ones cannot be masked in output`
const Secret = z
  .string()
  .min(secretMinLength, { error: tooShort, abort: true })
  .max(20_000)
  .refine(isMaskable, tooShort)
const Passphrase = z
  .string()
  .min(secretMinLength, { error: tooShort, abort: true })
  .max(1000)
  .refine(isMaskable, tooShort)
/** What is answered where a log-in asks something else than the password, such as a code (keyboard-interactive). */
const Answers = z
  .array(
    z.strictObject({
      question: Login.describe('words of the question; capitals do not matter'),
      answer: Secret,
    }),
  )
  .max(20)
export type LoginAnswer = z.infer<typeof Answers>[number]
/** What may be asked after the first proof. */
const secondProof = { password: Secret.optional(), answers: Answers.optional() }

const Pem = z.string().trim().min(1).max(100_000)

/** What is sealed in the vault, by type. It goes in and never comes out of the API again. */
export const credentialSecrets = {
  password: z.strictObject({
    username: Login,
    password: Secret,
    domain: Login.optional(),
    answers: Answers.optional(),
  }),
  ssh_key: z.strictObject({ username: Login, privateKey: Pem, passphrase: Passphrase.optional(), ...secondProof }),
  ssh_certificate: z.strictObject({
    username: Login,
    privateKey: Pem,
    certificate: Pem,
    passphrase: Passphrase.optional(),
    ...secondProof,
  }),
  ssh_agent: z.strictObject({
    username: Login,
    socketPath: z
      .string()
      .trim()
      .max(100)
      .regex(/^\/[^\0\n]+$/, 'the absolute path of the agent’s socket')
      .describe('where the key agent listens, on the executor’s machine'),
    fingerprint: z
      .string()
      .trim()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'as ssh-add -l prints it: SHA256:…')
      .optional()
      .describe('chooses one of its keys; without it each is tried'),
    ...secondProof,
  }),
  /** What OpenSSH on the executor's machine finds by itself: a Kerberos ticket, a key file of its account. */
  ssh_system: z.strictObject({ username: Login }),
  ssh_keyboard_interactive: z.strictObject({
    username: Login,
    password: Secret.optional().describe('given where a password is asked for'),
    answers: Answers,
  }),
  api_key: z.strictObject({ key: Secret, header: z.string().trim().max(100).optional() }),
  bearer: z.strictObject({ token: Secret }),
  certificate: z.strictObject({
    certificate: Pem,
    privateKey: Pem,
    passphrase: Passphrase.optional(),
  }),
  windows_domain: z.strictObject({ username: Login, password: Secret, domain: Login }),
  snmp_community: z.strictObject({ community: Secret }),
  snmp_v3: z.strictObject({
    username: Login,
    authProtocol: z.enum(['MD5', 'SHA', 'SHA256', 'SHA512']).optional(),
    authPassword: Secret.optional(),
    privacyProtocol: z.enum(['DES', 'AES', 'AES256']).optional(),
    privacyPassword: Secret.optional(),
  }),
} as const

export type CredentialType = keyof typeof credentialSecrets
export const CredentialType = z.enum(Object.keys(credentialSecrets) as [CredentialType, ...CredentialType[]])
export type CredentialSecret<T extends CredentialType = CredentialType> = z.infer<(typeof credentialSecrets)[T]>

const secretOf = <T extends CredentialType>(type: T) =>
  z.strictObject({
    name: Name.refine(isOneLine, 'one line'),
    description: Note.optional(),
    type: z.literal(type),
    secret: credentialSecrets[type],
  })

export const NewCredential = z.discriminatedUnion('type', [
  secretOf('password'),
  secretOf('ssh_key'),
  secretOf('ssh_certificate'),
  secretOf('ssh_agent'),
  secretOf('ssh_system'),
  secretOf('ssh_keyboard_interactive'),
  secretOf('api_key'),
  secretOf('bearer'),
  secretOf('certificate'),
  secretOf('windows_domain'),
  secretOf('snmp_community'),
  secretOf('snmp_v3'),
])
export type NewCredential = z.infer<typeof NewCredential>

/** A credential without its secret. `username` is the login it holds, where its type has one. */
export const Credential = z.object({
  uuid: Uuid,
  name: z.string(),
  description: z.string(),
  type: CredentialType,
  username: z.string().nullable(),
  fingerprint: z.string().nullable().describe('SHA-256 of the public key, for SSH keys'),
  secretVersion: z.number().int(),
  rotatedAt: Time,
  lastUsedAt: Time.nullable(),
  targetCount: z.number().int(),
  createdAt: Time,
  updatedAt: Time,
  archivedAt: Time.nullable(),
  revision: z.number().int(),
})
export type Credential = z.infer<typeof Credential>

export const CredentialUse = z.object({
  at: Time,
  purpose: z.enum(['test', 'execution']),
  target: z.object({ uuid: Uuid, name: z.string() }),
  execution: Uuid.nullable(),
  actor: z.string(),
})
export type CredentialUse = z.infer<typeof CredentialUse>

/**
 * Answers as people write them, one on each line: `verification code = 123456`.
 *
 * @returns those lines that are none, too, with an empty question or answer, for the schema to refuse
 */
export const readAnswers = (text: string): LoginAnswer[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const at = line.indexOf('=')
      return { question: line.slice(0, Math.max(0, at)).trim(), answer: line.slice(at + 1).trim() }
    })

const params = z.object({ ref: Ref })

export const credentials = {
  list: route({
    method: 'GET',
    path: '/credentials',
    summary: 'List credentials',
    access: 'credentials.read',
    query: ListQuery.extend({ type: CredentialType.optional(), archived: Flag.optional() }),
    status: 200,
    answer: pageOf(Credential),
  }),
  read: route({
    method: 'GET',
    path: '/credentials/:ref',
    summary: 'One credential, without its secret',
    access: 'credentials.read',
    params,
    status: 200,
    answer: Credential,
  }),
  create: route({
    method: 'POST',
    path: '/credentials',
    summary: 'Add a credential',
    access: 'credentials.create',
    body: NewCredential,
    status: 201,
    answer: Credential,
  }),
  update: route({
    method: 'PATCH',
    path: '/credentials/:ref',
    summary: 'Rename or describe a credential',
    access: 'credentials.update',
    params,
    body: z.strictObject({ name: Name.optional(), description: Note.optional() }),
    status: 200,
    answer: Credential,
  }),
  rotate: route({
    method: 'PUT',
    path: '/credentials/:ref/secret',
    summary: 'Replace the secret; the shape is that of the credential’s type',
    access: 'credentials.update',
    params,
    body: z.record(z.string(), z.unknown()),
    status: 200,
    answer: Credential,
  }),
  uses: route({
    method: 'GET',
    path: '/credentials/:ref/uses',
    summary: 'When, for what and by whom it was opened',
    access: 'credentials.read',
    params,
    query: ListQuery,
    status: 200,
    answer: pageOf(CredentialUse),
  }),
  archive: route({
    method: 'POST',
    path: '/credentials/:ref/archive',
    summary: 'Archive a credential that no target uses',
    access: 'credentials.archive',
    params,
    status: 200,
    answer: Credential,
  }),
  restore: route({
    method: 'POST',
    path: '/credentials/:ref/restore',
    summary: 'Bring an archived credential back',
    access: 'credentials.archive',
    params,
    status: 200,
    answer: Credential,
  }),
  delete: route({
    method: 'DELETE',
    path: '/credentials/:ref',
    summary: 'The same as archive',
    access: 'credentials.archive',
    params,
    status: 200,
    answer: Credential,
  }),
}
