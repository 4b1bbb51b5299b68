import { Name, SerialReference, Uuid, isOneLine } from '../identifiers.ts'
import { z } from '../zod.ts'

/** Host name or address of a target. The name is resolved where the wire opens, in the executor. */
export const Host = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .refine((host) => isOneLine(host) && !/[\s/@]/.test(host), 'a host name or an address, without port, user or scheme')
export const Port = z.number().int().min(1).max(65_535)

/** Every kind of method with its usual port. Those with a wire in this version say so in `usableMethods`. */
export const methodPorts = {
  ssh: 22,
  local: null,
  winrm: 5986,
  http: 443,
  postgresql: 5432,
  mysql: 3306,
  sqlserver: 1433,
  oracle: 1521,
  mongodb: 27_017,
  redis: 6379,
  smtp: 25,
  snmp: 161,
  telnet: 23,
  ftp: 21,
  sftp: 22,
} as const satisfies Record<string, number | null>

export type MethodType = keyof typeof methodPorts
export const MethodType = z.enum(Object.keys(methodPorts) as [MethodType, ...MethodType[]])

/** What people call them. */
export const methodTitles: Readonly<Record<MethodType, string>> = {
  ssh: 'SSH',
  local: 'The server itself',
  winrm: 'WinRM',
  http: 'HTTP API',
  postgresql: 'PostgreSQL',
  mysql: 'MySQL or MariaDB',
  sqlserver: 'SQL Server',
  oracle: 'Oracle',
  mongodb: 'MongoDB',
  redis: 'Redis',
  smtp: 'SMTP',
  snmp: 'SNMP',
  telnet: 'Telnet',
  ftp: 'FTP',
  sftp: 'SFTP',
}

/** Methods that can be tested and run over today; the others can be written down already. */
export const usableMethods: readonly MethodType[] = ['ssh', 'local', 'winrm']

/**
 * What speaks SSH: the library in the executor, or the OpenSSH program where the executor runs, for what only that can do
 * (certificates, Kerberos, FIDO keys, post-quantum key exchange, its own ssh_config and ProxyCommand).
 */
export const SshClient = z.enum(['ssh2', 'openssh'])
export type SshClient = z.infer<typeof SshClient>

/** An absolute path or one below the home directory; the last part is the folder that is made. */
const GuardDirectory = z
  .string()
  .trim()
  .max(300)
  .regex(/^~?\/(?:[^\0\n]+\/)?[\w.][^/\0\n]*$/, 'an absolute path, or one that begins with ~/')

/** How one logs in to Windows. A client certificate always goes by `certificate`. */
export const WinrmAuth = z.enum(['ntlm', 'kerberos', 'basic', 'certificate'])
export type WinrmAuth = z.infer<typeof WinrmAuth>

/** What runs commands on Windows: a process for each, or a PowerShell that stays. */
export const WinrmTransport = z.enum(['winrs', 'psrp'])
export type WinrmTransport = z.infer<typeof WinrmTransport>

/** WinRM's settings; every one may be left out. */
const winrmConfig = {
  https: z
    .boolean()
    .optional()
    .describe('WinRM only; HTTPS on port 5986 unless told. Without it, on 5985, NTLM and Kerberos seal each message'),
  auth: WinrmAuth.optional().describe('WinRM only; ntlm unless told'),
  transport: WinrmTransport.optional().describe(
    'WinRM only; winrs unless told. psrp is quicker for many commands, and for members of Remote Management Users',
  ),
  certificateTrust: z
    .enum(['pinned', 'authority'])
    .optional()
    .describe('WinRM only; the certificate met first is pinned unless told to believe authorities'),
  caCertificate: z
    .string()
    .max(100_000)
    .optional()
    .describe('WinRM only; authorities to believe in place of the system’s, in PEM'),
  allowUnencrypted: z
    .boolean()
    .optional()
    .describe('WinRM only; lets basic send its password over plain HTTP, where everybody on the way can read it'),
}

/** How to reach a target by one method: its address, and what else that method wants to know. */
export const MethodConfig = z
  .object({
    host: Host.default('localhost'),
    port: Port.optional(),
    connectTimeoutSec: z.number().int().min(1).max(300).optional(),
    sshClient: SshClient.optional().describe('SSH only; as the credential needs unless told'),
    jumpHosts: z
      .array(z.string().trim().min(1).max(200))
      .max(5)
      .optional()
      .describe(
        'SSH only; targets (UUID, serial or name; kept as UUIDs) to go through, the nearest first, each by its first SSH method and credential. The first is reached over the jump hosts of its own',
      ),
    guardDirectory: GuardDirectory.optional().describe(
      'folder on the target, for its log-in alone, where it is noted which steps have begun and where the output of detached ones is kept; ~/.opsconductor unless told',
    ),
    ...winrmConfig,
  })
  .catchall(z.union([z.string().max(1000), z.number(), z.boolean(), z.array(z.string().max(1000)).max(100)]))
export type MethodConfig = z.infer<typeof MethodConfig>

const CredentialName = z.string().trim().min(1).max(200).describe('UUID or name of a credential, or "none"')

export const MethodInput = z
  .strictObject({
    uuid: Uuid.optional().describe('keeps an existing method when methods are replaced'),
    type: MethodType,
    name: Name.optional(),
    isPrimary: z.boolean().optional(),
    priority: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('the lower is tried first; order of the list otherwise'),
    isActive: z.boolean().default(true),
    config: MethodConfig,
    credential: CredentialName.optional(),
    credentials: z
      .array(z.strictObject({ credential: CredentialName, isPrimary: z.boolean().default(false) }))
      .max(20)
      .optional(),
  })
  .refine(
    (method) => method.credential === undefined || method.credentials === undefined,
    'give credential or credentials, not both',
  )
export type MethodInput = z.infer<typeof MethodInput>

/** A target has at least one method and exactly one primary; where none is marked, the first is it. */
export const MethodInputs = z
  .array(MethodInput)
  .min(1, 'a target needs at least one method')
  .max(20)
  .refine((methods) => methods.filter((method) => method.isPrimary).length <= 1, 'only one method can be primary')

export const Method = z.object({
  uuid: Uuid,
  type: MethodType,
  name: z.string(),
  isPrimary: z.boolean(),
  priority: z.number().int(),
  isActive: z.boolean(),
  config: MethodConfig,
  credentials: z.array(z.object({ uuid: Uuid, name: z.string(), isPrimary: z.boolean() })),
})
export type Method = z.infer<typeof Method>

/** A target that others are reached through, as it is now. */
export const JumpHost = SerialReference.extend({ isArchived: z.boolean() })
export type JumpHost = z.infer<typeof JumpHost>

/** The one accessor of a method's address. */
export const addressOf = (method: { type: MethodType; config: MethodConfig }) => ({
  host: method.config.host,
  port: method.config.port ?? usualPort(method) ?? 0,
})

const winrmHttpPort = 5985

export const usualPort = ({ type, config }: { type: MethodType; config: Pick<MethodConfig, 'https'> }): number | null =>
  type === 'winrm' && config.https === false ? winrmHttpPort : methodPorts[type]

/** Whether WinRM is spoken over HTTPS: as told, else as the port suggests. */
export const isWinrmOverHttps = ({ https, port }: Pick<MethodConfig, 'https' | 'port'>): boolean =>
  https ?? port !== winrmHttpPort
