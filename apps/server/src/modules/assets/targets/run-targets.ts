import {
  type MethodConfig,
  type MethodType,
  type SshClient,
  type Target,
  TargetSerial,
  type WinrmAuth,
  type WinrmTransport,
  addressOf,
  isWinrmOverHttps,
} from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import { asSerial, isUuid } from '../../../kernel/identifiers.ts'
import { type KnownHops, readHops, wayTo } from './jump-hosts.ts'
import type { TargetMethod } from './methods.store.ts'
import { selectRunTargets, selectRunTargetsByName, type RunTargetRow } from './run-targets.store.ts'

/** One way to reach a target, as an executor needs it: the address and which credential, never its secret. */
export type RunMethod = {
  uuid: string
  type: MethodType
  name: string
  host: string
  port: number
  /** For name, TCP, key exchange and log-in together; null leaves it to the wire. */
  connectTimeoutSec: number | null
  /** Null leaves it to the credential. */
  sshClient: SshClient | null
  /** Where steps are noted on the target; null for the usual place. */
  guardDirectory: string | null
  /** The machines on the way, the nearest first. */
  way: RunWay
  /** Null for every other kind of method. */
  winrm: RunWinrm | null
  /** Null when the method needs none, or was given `none`. */
  credential: { uuid: string; name: string; username: string | null; secretVersion: number } | null
}

/** `problem` says why it cannot be gone; then nothing is connected. */
export type RunWay = { hops: { target: { uuid: string; name: string }; method: RunMethod }[]; problem: string | null }

/** How WinRM is spoken to a target. `ca` is null where the system's authorities count. */
export type RunWinrm = {
  isHttps: boolean
  auth: WinrmAuth
  transport: WinrmTransport
  isPinned: boolean
  ca: string | null
  mayBeReadable: boolean
}

/** A target as a plan and an executor need it. `methods` are the active ones: the primary first, then by priority. */
export type RunTarget = {
  uuid: string
  serial: string
  name: string
  zone: string
  status: Target['status']
  environment: string | null
  osType: Target['osType']
  tags: string[]
  attributes: Record<string, string | number | boolean>
  methods: RunMethod[]
}

/** `found` in the order asked for, each once; `missing` are the references that name no target in use. */
export type RunTargets = { found: RunTarget[]; missing: string[] }

/** Resolves UUIDs, serials and names, thousands of them in a query for each way of asking. */
export const forRun = async (ctx: Context, refs: readonly string[]): Promise<RunTargets> => {
  const asked = [...new Set(refs)]
  const uuids = asked.filter(isUuid)
  const serials = asked.filter(isSerial)
  // PostgreSQL takes no NUL, and no name has one
  const names = asked.filter((ref) => !isUuid(ref) && !isSerial(ref) && !ref.includes('\0'))
  const [rows, named] = await Promise.all([
    selectRunTargets(ctx.db, { uuids, serials: serials.map(asSerial) }),
    selectRunTargetsByName(ctx.db, names),
  ])

  const known = await readHops(
    ctx,
    [...rows, ...named].flatMap(({ methods }) => methods),
  )

  const byKey = new Map<string, RunTargetRow>()
  for (const row of rows) byKey.set(row.uuid, row).set(row.serial, row)
  const byName = new Map<string, RunTargetRow>(named.map((row) => [row.asked, row]))
  const rowOf = (ref: string) => {
    if (isUuid(ref)) return byKey.get(ref.toLowerCase())
    return isSerial(ref) ? byKey.get(asSerial(ref)) : byName.get(ref)
  }
  // one target may be asked for in several ways
  const found = new Map(asked.flatMap((ref) => rowOf(ref) ?? []).map((row) => [row.id, row]))
  return {
    found: [...found.values()].map((row) => toRunTarget(row, known)),
    missing: asked.filter((ref) => rowOf(ref) === undefined),
  }
}

const isSerial = (ref: string) => TargetSerial.safeParse(asSerial(ref)).success

const toRunTarget = (row: RunTargetRow, known: KnownHops): RunTarget => ({
  uuid: row.uuid,
  serial: row.serial,
  name: row.name,
  zone: row.zone,
  status: row.status as RunTarget['status'],
  environment: row.environment,
  osType: row.osType as RunTarget['osType'],
  tags: row.tags,
  attributes: row.attributes as RunTarget['attributes'],
  methods: row.methods.filter(({ isActive }) => isActive).map((method) => toRunMethod(row, method, known)),
})

/** @param known what `readHops` found for the method */
export const toRunMethod = (
  target: { uuid: string; name: string; zone: string },
  method: TargetMethod,
  known: KnownHops,
): RunMethod => {
  const { hops, problem } = wayTo(target, method, known)
  return {
    ...direct(method),
    way: {
      hops: hops.flatMap(({ target: { uuid, name }, method }) =>
        method === undefined ? [] : [{ target: { uuid, name }, method: direct(method) }],
      ),
      problem,
    },
  }
}

const direct = (method: TargetMethod): RunMethod => {
  const primary = method.credentials.find(({ isPrimary }) => isPrimary)
  const credential = primary && {
    uuid: primary.uuid,
    name: primary.name,
    username: primary.username,
    secretVersion: primary.secretVersion,
  }
  return {
    uuid: method.uuid,
    type: method.type,
    name: method.name,
    ...addressOf(method),
    connectTimeoutSec: method.config.connectTimeoutSec ?? null,
    sshClient: method.config.sshClient ?? null,
    guardDirectory: method.config.guardDirectory ?? null,
    way: { hops: [], problem: null },
    winrm: method.type === 'winrm' ? toRunWinrm(method.config) : null,
    credential: credential ?? null,
  }
}

const toRunWinrm = (config: MethodConfig): RunWinrm => ({
  isHttps: isWinrmOverHttps(config),
  auth: config.auth ?? 'ntlm',
  transport: config.transport ?? 'winrs',
  isPinned: config.certificateTrust !== 'authority',
  ca: config.caCertificate ?? null,
  mayBeReadable: config.allowUnencrypted ?? false,
})
