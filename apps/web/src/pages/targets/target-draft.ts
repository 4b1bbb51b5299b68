import {
  type JumpHost,
  type Method,
  type MethodInput,
  type MethodType,
  type SshClient,
  NewTarget,
  type Target,
  type TargetChange,
  methodPorts,
} from '@opsconductor/contract'
import { checkForm } from '../../ui/check-form.ts'
import { type WinrmDraft, winrmConfigOf, winrmDraftOf } from './winrm-draft.ts'

/** A method as the form holds it. `credential` is a UUID, or empty for none. */
export type MethodDraft = {
  /** Tells the rows of the form apart; the server's UUID where there is one. */
  key: string
  type: MethodType
  host: string
  port: number | ''
  credential: string
  isActive: boolean
  /** UUIDs, the nearest first. */
  jumpHosts: string[]
  sshClient: SshClient | ''
  guardDirectory: string
  connectTimeoutSec: number | ''
  /** Counts for WinRM only. */
  winrm: WinrmDraft
  /** As it was read: what the form does not show is kept. */
  original?: Method
}

export type TargetDraft = {
  name: string
  description: string
  targetType: NewTarget['targetType']
  osType: NewTarget['osType']
  osVersion: string
  environment: string
  location: string
  dataCentre: string
  region: string
  zone: string
  status: NewTarget['status']
  tags: string[]
  methods: MethodDraft[]
  /** What was chosen as jump hosts when it was read. */
  jumpHosts: readonly JumpHost[]
  /** Key of the primary method. */
  primary: string
}

let drawn = 0

export const newMethod = (type: MethodType = 'ssh'): MethodDraft => ({
  key: `new-${++drawn}`,
  type,
  host: '',
  port: '',
  credential: '',
  isActive: true,
  jumpHosts: [],
  sshClient: '',
  guardDirectory: '',
  connectTimeoutSec: '',
  winrm: winrmDraftOf(),
})

export const newDraft = (): TargetDraft => {
  const method = newMethod()
  return {
    name: '',
    description: '',
    targetType: 'system',
    osType: 'linux',
    osVersion: '',
    environment: '',
    location: '',
    dataCentre: '',
    region: '',
    zone: 'default',
    status: 'active',
    tags: [],
    methods: [method],
    jumpHosts: [],
    primary: method.key,
  }
}

export const draftOf = (target: Target): TargetDraft => {
  const methods = target.methods.map((method) => ({
    key: method.uuid,
    type: method.type,
    host: method.config.host,
    port: method.config.port ?? ('' as const),
    credential: primaryCredential(method)?.uuid ?? '',
    isActive: method.isActive,
    jumpHosts: method.config.jumpHosts ?? [],
    sshClient: method.config.sshClient ?? ('' as const),
    guardDirectory: method.config.guardDirectory ?? '',
    connectTimeoutSec: method.config.connectTimeoutSec ?? ('' as const),
    winrm: winrmDraftOf(method.config),
    original: method,
  }))
  return {
    name: target.name,
    description: target.description,
    targetType: target.targetType,
    osType: target.osType,
    osVersion: target.osVersion ?? '',
    environment: target.environment ?? '',
    location: target.location ?? '',
    dataCentre: target.dataCentre ?? '',
    region: target.region ?? '',
    zone: target.zone,
    status: target.status,
    tags: target.tags,
    methods,
    jumpHosts: target.jumpHosts,
    primary: target.methods.find(({ isPrimary }) => isPrimary)?.uuid ?? methods[0]?.key ?? '',
  }
}

export const primaryCredential = ({ credentials }: Pick<Method, 'credentials'>) =>
  credentials.find(({ isPrimary }) => isPrimary) ?? credentials[0]

export const needsAddress = (type: MethodType) => methodPorts[type] !== null

/** What the API takes. Order of the methods is their order of trial. */
export const bodyOf = ({ methods, primary, jumpHosts: _jumpHosts, ...draft }: TargetDraft) => ({
  ...draft,
  osVersion: draft.osVersion || null,
  environment: draft.environment || null,
  location: draft.location || null,
  dataCentre: draft.dataCentre || null,
  region: draft.region || null,
  methods: methods.map((method) => methodOf(method, method.key === primary)),
})

const methodOf = (
  { type, host, port, credential, isActive, winrm, original, ...draft }: MethodDraft,
  isPrimary: boolean,
) => ({
  ...(original && { uuid: original.uuid, name: original.name }),
  type,
  isPrimary,
  isActive,
  config: {
    ...original?.config,
    ...(type === 'winrm' ? winrmConfigOf(winrm, original?.config) : {}),
    port: port === '' ? undefined : port,
    connectTimeoutSec: draft.connectTimeoutSec === '' ? undefined : draft.connectTimeoutSec,
    guardDirectory: isShell(type) ? draft.guardDirectory.trim() || undefined : undefined,
    jumpHosts: type === 'ssh' && draft.jumpHosts.length > 0 ? draft.jumpHosts : undefined,
    sshClient: type === 'ssh' ? draft.sshClient || undefined : undefined,
    ...(needsAddress(type) ? { host } : { host: 'localhost' }),
  },
  ...credentialsOf(credential, original),
})

/** Methods that lead to a POSIX shell. */
export const isShell = (type: MethodType) => type === 'ssh' || type === 'local'

/** A second credential of a method, written down by the API, survives as long as the first is not changed. */
const credentialsOf = (credential: string, original: Method | undefined): Partial<MethodInput> => {
  const isUnchanged = original !== undefined && primaryCredential(original)?.uuid === credential
  if (isUnchanged && original.credentials.length > 1) {
    return { credentials: original.credentials.map(({ uuid, isPrimary }) => ({ credential: uuid, isPrimary })) }
  }
  return credential === '' ? {} : { credential }
}

/** Mistakes by the path of the field in the form, which is that of the API but for the address of a method. */
export const checkDraft = (draft: TargetDraft) =>
  Object.fromEntries(
    Object.entries(checkForm(NewTarget, bodyOf(draft))).map(([path, message]) => [formPath(path), message]),
  )

export const formPath = (path: string) =>
  path
    .replace(/^(methods\.\d+\.config\.jumpHosts)\.\d+$/, '$1')
    .replace(
      /^(methods\.\d+)\.config\.(https|auth|transport|certificateTrust|caCertificate|allowUnencrypted)$/,
      '$1.winrm.$2',
    )
    .replace(/^(methods\.\d+)\.config\./, '$1.')
    .replace(/^(methods\.\d+)\.credentials\.\d+\./, '$1.')

export type TargetBody = NewTarget & TargetChange
