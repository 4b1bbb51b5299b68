import type { MethodInput } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import { selectHostKeys } from '../host-keys/host-keys.store.ts'
import { type Hop, sshMethodOf } from './jump-hosts.ts'
import { selectCredentialsBehind } from './jump-hosts.store.ts'
import { displaced, heldBack, heldBackInZone, isMoved, type Secret, unusable } from './methods.policy.ts'
import type { CredentialChoice, TargetMethod } from './methods.store.ts'

/** A method as it is to be; `path` is where its credential stands in the input. */
type GivenMethod = Omit<MethodInput, 'credentials'> & { credentials: readonly (CredentialChoice & { path: string })[] }

/**
 * A secret that somebody else entered goes nowhere it has not been, unless one may use it. Those of the machines on the
 * way are used with the method's own: each is sent through the one before it.
 *
 * @throws Refusal `forbidden`
 */
export const refuseLeadingAstray = (
  ctx: Context,
  existing: readonly TargetMethod[],
  wanted: readonly GivenMethod[],
  wayOf: (method: Pick<TargetMethod, 'config'>) => readonly Hop[],
): void => {
  const held = wanted.flatMap((method, index) => {
    const before = existing.find(({ uuid }) => uuid === method.uuid)
    const path = `methods.${index}.config.jumpHosts`
    return heldBack(
      ctx.actor,
      before && { ...before, credentials: [...before.credentials, ...secretsOn(wayOf(before))] },
      {
        ...method,
        credentials: [
          ...method.credentials.map(({ uuid, name, secretEnteredBy, path }) => ({ uuid, name, secretEnteredBy, path })),
          ...secretsOn(wayOf(method)).map((secret) => ({ ...secret, path })),
        ],
      },
    )
  })
  const message = 'you may use only credentials that you entered yourself'
  if (held.length > 0)
    throw mayNotUse(
      held,
      held.map(({ path }) => ({ path, message })),
    )
}

const secretsOn = (hops: readonly Hop[]): Secret[] => hops.flatMap(({ method }) => method?.credentials ?? [])

/**
 * What is reached through a target is reached elsewhere when that target is. The secrets of everything behind it are at
 * stake then, where their host keys are not known yet.
 *
 * @param wanted in their order
 * @throws Refusal `forbidden`
 */
export const refuseLeadingOthersAstray = async (
  ctx: Context,
  targetUuid: string,
  existing: readonly TargetMethod[],
  wanted: readonly GivenMethod[],
): Promise<void> => {
  if (ctx.actor.permissions.has('credentials.use') || !isMoved(sshMethodOf(existing), sshMethodOf(wanted))) return
  const held = unusable(ctx.actor, await selectCredentialsBehind(ctx.db, targetUuid))
  const message = 'other targets are reached through this one, with credentials that you may not use'
  if (held.length > 0) throw mayNotUse(held, [{ path: 'methods', message }])
}

/** The same address may be another machine in another zone. @throws Refusal `forbidden` */
export const refuseLeavingZone = (ctx: Context, methods: readonly TargetMethod[]): void => {
  const held = heldBackInZone(ctx.actor, methods)
  if (held.length > 0)
    throw mayNotUse(held, [{ path: 'zone', message: 'it has credentials that others entered, which you may not use' }])
}

/** Pinning would be worth nothing if whoever may change a target could begin it anew. @throws Refusal `forbidden` */
export const refuseLosingKeys = async (
  ctx: Context,
  targetId: number,
  existing: readonly TargetMethod[],
  wanted: readonly GivenMethod[],
): Promise<void> => {
  const moving = displaced(existing, wanted)
  if (moving.length === 0 || ctx.actor.permissions.has('targets.trust')) return
  const pinned = new Set((await selectHostKeys(ctx.db, targetId)).map(({ method }) => method))
  const losing = moving.filter(({ uuid }) => pinned.has(uuid))
  if (losing.length === 0) return
  throw new Refusal(
    'forbidden',
    `A host key is pinned for ${quoted(losing)}. Leading it elsewhere or removing it needs the permission targets.trust. Ask an administrator for a role that has it.`,
  )
}

const mayNotUse = (credentials: readonly { name: string }[], fields: { path: string; message: string }[]) =>
  new Refusal(
    'forbidden',
    `Having ${quoted(credentials)} sent to another machine needs the permission credentials.use. Ask an administrator for a role that has it, or enter a credential of your own.`,
    { fields },
  )

const list = new Intl.ListFormat('en', { type: 'conjunction' })
const quoted = (things: readonly { name: string }[]) => list.format(new Set(things.map(({ name }) => `"${name}"`)))
