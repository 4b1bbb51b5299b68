import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ServiceName, z } from '@opsconductor/contract'
import { readMasterKeys } from './kernel/vault/master-key.ts'

const prefix = 'OPSCONDUCTOR_'
const root = fileURLToPath(new URL('../../..', import.meta.url))
const serviceNames: readonly ServiceName[] = ['gateway', 'executor', 'scheduler', 'notifier']
const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

const list = (text: string) => text.split(/[\s,]+/).filter((word) => word.length > 0)
const yes = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'], 'expected true or false')
  .transform((word) => ['true', '1', 'yes'].includes(word))
const wholeNumber = (from: number, to: number) => {
  const expected = `expected a whole number from ${from} to ${to}`
  return z.coerce.number(expected).int(expected).min(from, expected).max(to, expected)
}
const service = z.enum(serviceNames, {
  error: ({ input }) => `expected ${serviceNames.join(', ')}; there is no "${String(input)}"`,
})
/** Names that stand for whole ranges, as the server's library knows them. */
const proxyNames = ['loopback', 'linklocal', 'uniquelocal']
const proxy = z.string().refine(isProxy, {
  error: ({ input }) => `expected addresses or networks such as 10.0.0.0/8, not "${String(input)}"`,
})
const postgresUrl = z
  .string()
  .refine((text) => /^postgres(ql)?:\/\/./.test(text), 'expected postgres://user:password@host:port/database')
const webUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:/.test(text), 'expected http://… or https://…')
const masterKeys = z.string().transform((text, check) => {
  try {
    return readMasterKeys(text)
  } catch (error) {
    check.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'cannot be read' })
    return z.NEVER
  }
})

/** Every setting, as a person reads it in docs/configuration.md, which is generated from this. */
const Settings = z.object({
  DATA_DIR: z
    .string()
    .min(1)
    .default('data')
    .transform((path) => resolve(root, path))
    .describe('Folder of the embedded database and the master key. Relative paths start at the project’s folder.'),
  FILES_DIR: z
    .string()
    .min(1)
    .transform((path) => resolve(root, path))
    .optional()
    .describe(
      'Folder on the executor’s machine that steps `ssh.copy` and `winrm.copy` read files from and write them to; nothing outside of it. Whoever may write and run jobs may read and change everything in it.',
    ),
  DATABASE_URL: postgresUrl
    .optional()
    .meta({ secret: true })
    .describe('PostgreSQL 15 or newer to use in place of the embedded one.'),
  DATABASE_OWNER_URL: postgresUrl
    .optional()
    .meta({ secret: true })
    .describe(
      'The same database as the role that owns the tables and migrates them. Without it the role of `DATABASE_URL` does both, and steps down to a lesser role for its daily work, which is weaker: whoever breaks in can step up again.',
    ),
  HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address the gateway listens on. `0.0.0.0` opens it to the network.'),
  PORT: wholeNumber(0, 65_535).default(7070).describe('Port the gateway listens on; 0 takes a free one.'),
  PUBLIC_URL: webUrl
    .optional()
    .describe(
      'URL under which people reach the gateway. With https, cookies are secure and browsers are told to stay on https. Default: what HOST and PORT say.',
    ),
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform(list)
    .pipe(z.array(proxy))
    .describe('Addresses or networks of proxies in front that may say who the caller is (`X-Forwarded-For`).'),
  SERVICES: z
    .string()
    .default(serviceNames.join(','))
    .transform(list)
    .pipe(z.array(service).min(1, 'name at least one'))
    .describe('Services that this process runs, of gateway, executor, scheduler and notifier.'),
  EXECUTOR_SLOTS: wholeNumber(1, 10_000).default(50).describe('Branches that an executor runs at a time.'),
  ZONE: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'expected lower-case letters, digits and hyphens, at most 40')
    .default('default')
    .describe('Zone whose targets the executor serves.'),
  MASTER_KEY: masterKeys
    .optional()
    .meta({ secret: true })
    .describe(
      'Key that seals credentials: 32 bytes in base64 or hex, or a passphrase; several as `2:new,1:old`. With the embedded database it is made on the first start, in the file `master.key` of the data directory.',
    ),
  ADMIN_PASSWORD: z
    .string()
    .min(8, 'expected 8 to 256 characters')
    .max(256, 'expected 8 to 256 characters')
    .optional()
    .meta({ secret: true })
    .describe(
      'Password of the administrator `admin` made on the first start. Without it a random one is printed once and must be changed.',
    ),
  LOG_LEVEL: z
    .enum(logLevels, `expected ${logLevels.join(', ')}`)
    .default('info')
    .describe('How much is logged.'),
  LOCAL_TRANSPORT: yes
    .default(false)
    .describe('Lets targets run commands on the machine of the executor itself, as its user.'),
  SSH_AGENT_SOCKETS: z
    .string()
    .default('')
    .transform(list)
    .describe(
      'Sockets of SSH key agents on the executor’s machine that credentials may use, as absolute paths. Whoever may use such a credential logs in with the keys in the agent.',
    ),
  SSH_CONFIG: z
    .string()
    .min(1)
    .default('none')
    .describe(
      'ssh_config that OpenSSH reads on the executor’s machine, for methods with `sshClient: openssh`: a path, or `none`. Its ProxyCommand, ProxyJump and algorithms count; its keys do not.',
    ),
  SSH_SYSTEM_LOGIN: yes
    .default(false)
    .describe(
      'Lets credentials of type `ssh_system` log in by what the account of the executor has: a Kerberos ticket, the key files of its `.ssh` and of SSH_CONFIG.',
    ),
  SSH_IDLE_SEC: wholeNumber(0, 86_400)
    .default(300)
    .describe('Seconds that an SSH connection stays open when nothing uses it.'),
  SSH_MAX_CONNECTIONS: wholeNumber(0, 100_000)
    .default(2000)
    .describe('Unused SSH connections that an executor keeps open; those unused for longest are closed first.'),
  SSH_KEEPALIVE_SEC: wholeNumber(1, 3_600)
    .default(20)
    .describe(
      'A connection to a target over which nothing comes is asked for a sign of life this often, and given up after three questions without an answer.',
    ),
  SSH_HANDSHAKES: wholeNumber(1, 1_000)
    .default(10)
    .describe(
      'SSH key exchanges that an executor makes at a time, whatever the number of commands; they cost most of its processor.',
    ),
  SSH_CHANNELS_PER_CONNECTION: wholeNumber(1, 1_000)
    .default(8)
    .describe(
      'Commands at a time on one SSH connection, besides one that stops them; OpenSSH allows ten (MaxSessions). A server that allows fewer is found out.',
    ),
  KERBEROS_TICKETS: yes
    .default(false)
    .describe(
      'Lets WinRM methods without a credential log in with the Kerberos ticket that the executor’s own account holds.',
    ),
  LOGINS_PER_MINUTE: wholeNumber(1, 10_000).default(30).describe('Log-ins from one address in a minute.'),
  MAX_CONCURRENT_EXECUTIONS: wholeNumber(1, 10_000)
    .default(50)
    .describe('Executions that run at a time; the others wait.'),
  OUTPUT_LIMIT_MB: wholeNumber(1, 100_000)
    .default(256)
    .describe('Output kept of each step, in megabytes; what is beyond is not stored, and the output says so.'),
  OUTPUT_KEEP_DAYS: wholeNumber(1, 36_500)
    .default(180)
    .describe(
      'Days that the output and the lifecycle lines of an execution are kept; they go by whole days, once all executions of the day have ended. Results, versions and the audit trail stay for ever.',
    ),
  LEASE_SEC: wholeNumber(2, 600)
    .default(12)
    .describe('An executor that was not heard of for so long has lost its branches.'),
  UNREACHABLE_SEC: wholeNumber(1, 86_400)
    .default(120)
    .describe(
      'A target that does not answer any more while a step runs there is called again for so many seconds; then the step is lost until the target answers, or somebody says what became of it.',
    ),
})

export type Config = z.output<typeof Settings>

/** An address, a network, or the name of one. */
function isProxy(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const longest = isIP(address) === 6 ? 128 : 32
  const isNetwork = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest)
  return proxyNames.includes(text) || (isIP(address) !== 0 && isNetwork && rest.length === 0)
}

/** All that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
  }
}

/**
 * Reads the configuration from the environment: `OPSCONDUCTOR_X`, or the content of the file named by `OPSCONDUCTOR_X_FILE`.
 *
 * @throws ConfigError with every problem
 */
export const readConfig = (env: NodeJS.ProcessEnv = process.env): Config => {
  const problems: string[] = []
  const values: Record<string, string> = {}
  for (const name of Object.keys(Settings.shape)) {
    const direct = env[`${prefix}${name}`]
    const file = env[`${prefix}${name}_FILE`]
    if (direct && file) problems.push(`${prefix}${name} and ${prefix}${name}_FILE are both set: set one`)
    if (direct) values[name] = direct
    else if (file) {
      try {
        values[name] = readFileSync(file, 'utf8').trim()
      } catch {
        problems.push(`${prefix}${name}_FILE: the file ${file} cannot be read`)
      }
    }
  }
  const parsed = Settings.safeParse(values)
  for (const { path, message } of parsed.error?.issues ?? []) problems.push(`${prefix}${String(path[0])}: ${message}`)
  if (parsed.success) problems.push(...overlaps(parsed.data))
  problems.push(...contradictions((name) => Boolean(env[`${prefix}${name}`] || env[`${prefix}${name}_FILE`])))
  if (!parsed.success || problems.length > 0) throw new ConfigError([...new Set(problems)])
  return parsed.data
}

/** Variables that look like settings and are none: worse than missing ones, for they look as if they were set. */
export const unknownSettings = (env: NodeJS.ProcessEnv = process.env): string[] =>
  Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !name.startsWith(`${prefix}TEST_`))
    .filter((name) => !(name.slice(prefix.length).replace(/_FILE$/, '') in Settings.shape))
    .filter((name) => !clientNames.has(name))

/** Settings of the command line client, which may stand in the same environment. */
const clientNames = new Set(['URL', 'TOKEN'].map((name) => `${prefix}${name}`))

const isWithin = (path: string, folder: string) =>
  path === folder || path.startsWith(folder === sep ? sep : folder + sep)

const overlaps = ({ FILES_DIR, DATA_DIR }: Config): string[] =>
  FILES_DIR !== undefined && (isWithin(FILES_DIR, DATA_DIR) || isWithin(DATA_DIR, FILES_DIR))
    ? [`${prefix}FILES_DIR and ${prefix}DATA_DIR must be apart: jobs may read the one, and nobody the other`]
    : []

/** What does not go together, told of what is set, whether or not it can be read. */
const contradictions = (isSet: (name: keyof Config) => boolean): string[] => [
  ...(isSet('DATABASE_URL') && !isSet('MASTER_KEY')
    ? [
        `${prefix}MASTER_KEY is missing: with an external database the key is not made for you. Make one with: openssl rand -base64 32`,
      ]
    : []),
  ...(isSet('DATABASE_OWNER_URL') && !isSet('DATABASE_URL')
    ? [`${prefix}DATABASE_OWNER_URL needs ${prefix}DATABASE_URL beside it`]
    : []),
]

/** Each setting with what was understood, secrets masked. */
export const printConfig = (config: Config): string =>
  Object.entries(Settings.shape)
    .map(([name, schema]) => {
      const value: unknown = config[name as keyof Config]
      const shown = value === undefined ? '(not set)' : isSecret(schema) ? '********' : asText(value)
      return `${prefix}${name}=${shown}`
    })
    .join('\n')

/** The page docs/configuration.md. */
export const describeConfig = (): string => {
  const rows = Object.entries(Settings.shape).map(([name, schema]) => {
    const byDefault = schema.safeParse(undefined)
    const shown = defaultOf(name, byDefault.success ? byDefault.data : undefined)
    return `| \`${prefix}${name}\` | ${shown} | ${schema.description ?? ''}${isSecret(schema) ? ' Secret.' : ''} |`
  })
  return [
    '# Configuration',
    '',
    'OpsConductor is configured by environment variables. Any `X` may be given as `X_FILE`: the name of a file with the value.',
    'All problems are reported at once before anything starts; `npm start -- config` prints what was understood, secrets masked.',
    '',
    '| variable | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

const defaultOf = (name: string, value: unknown) => {
  if (name === 'DATA_DIR') return '`data`'
  return value === undefined || asText(value) === '' ? '' : `\`${asText(value)}\``
}

const asText = (value: unknown): string =>
  Array.isArray(value) ? value.map(asText).join(',') : typeof value === 'string' ? value : JSON.stringify(value)

const isSecret = (schema: z.ZodType) => schema.meta()?.['secret'] === true
