import type { Context } from '../../../kernel/context.ts'
import { type JumpTarget, selectJumpTargets } from './jump-hosts.store.ts'
import type { TargetMethod } from './methods.store.ts'

/** A machine on the way, and the method by which it is reached: its first active one over SSH, the primary before the others. */
export type Hop = { target: JumpTarget; method: TargetMethod | undefined }

/** The whole way to a target, the nearest machine first; `problem` says why it cannot be gone. */
export type Way = { hops: Hop[]; problem: string | null }

export type KnownHops = ReadonlyMap<string, JumpTarget>

/** No way is longer; a chain of machines, each behind the next, counts in full. */
const longestWay = 8

export const sshMethodOf = <M extends { type: string; isActive: boolean }>(methods: readonly M[]): M | undefined =>
  methods.find(({ type, isActive }) => type === 'ssh' && isActive)

/** All machines that may be on the way, with those on the way to them. */
export const readHops = async (ctx: Context, methods: readonly Pick<TargetMethod, 'config'>[]): Promise<KnownHops> => {
  const known = new Map<string, JumpTarget>()
  let next = namedBy(methods)
  for (let depth = 0; next.length > 0 && depth <= longestWay; depth++) {
    const found = await selectJumpTargets(ctx.db, next)
    for (const target of found) known.set(target.uuid, target)
    next = namedBy(found.flatMap(({ methods }) => methods)).filter((uuid) => !known.has(uuid))
  }
  return known
}

const namedBy = (methods: readonly Pick<TargetMethod, 'config'>[]): string[] => [
  ...new Set(methods.flatMap(({ config }) => config.jumpHosts ?? [])),
]

/**
 * The way to a method of a target. Its first jump host is reached over the jump hosts of its own; each further one is
 * reached from the one before it.
 */
export const wayTo = (
  target: { uuid: string; name: string; zone: string },
  { config }: Pick<TargetMethod, 'config'>,
  known: KnownHops,
): Way => {
  const hops = hopsOf(config.jumpHosts ?? [], known, [target.uuid])
  if (hops === 'too long') {
    return { hops: [], problem: `The way to ${target.name} leads through more than ${longestWay} jump hosts.` }
  }
  if (!('loop' in hops)) return { hops, problem: problemOf(hops, target.zone) }
  const name = known.get(hops.loop)?.name ?? target.name
  return { hops: [], problem: `The way to ${target.name} comes to "${name}" twice. Choose other jump hosts.` }
}

type NoWay = { loop: string } | 'too long'

const hopsOf = (uuids: readonly string[], known: KnownHops, before: readonly string[]): Hop[] | NoWay => {
  const [first] = uuids
  if (first === undefined) return []
  const seen = uuids.find((uuid, index) => before.includes(uuid) || uuids.indexOf(uuid) < index)
  if (seen !== undefined) return { loop: seen }
  if (before.length + uuids.length > longestWay + 1) return 'too long'
  const own = hopOf(first, known)
  const leading = hopsOf(own?.method?.config.jumpHosts ?? [], known, [...before, ...uuids])
  return Array.isArray(leading) ? [...leading, ...uuids.flatMap((uuid) => hopOf(uuid, known) ?? [])] : leading
}

const hopOf = (uuid: string, known: KnownHops): Hop | undefined => {
  const target = known.get(uuid)
  return target === undefined ? undefined : { target, method: sshMethodOf(target.methods) }
}

const problemOf = (hops: readonly Hop[], zone: string): string | null => {
  for (const { target, method } of hops) {
    const called = `The jump host "${target.name}"`
    if (target.archivedAt !== null) return `${called} is archived. Restore it, or choose another.`
    if (method === undefined) return `${called} has no active SSH method. Give it one, or choose another.`
    // the same address may be another machine there
    if (target.zone !== zone)
      return `${called} is in the zone ${target.zone}, not ${zone}. A jump host is reached by the same executor as what is behind it.`
  }
  return null
}
