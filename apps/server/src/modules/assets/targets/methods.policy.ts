import { type MethodConfig, type MethodType, addressOf } from '@opsconductor/contract'
import type { Actor } from '../../../kernel/context.ts'

type Placed = { uuid?: string | undefined; type: MethodType; config: MethodConfig }
export type Secret = { uuid: string; name: string; secretEnteredBy: string | null }

/** Who entered a secret knows it: sending it somewhere tells them nothing. Everybody else needs the permission. */
const mayUse = (actor: Actor, { secretEnteredBy }: Secret): boolean =>
  actor.permissions.has('credentials.use') || (secretEnteredBy !== null && secretEnteredBy === actor.uuid)

/** Those that would get to where they have not been before, which this actor may not decide. */
export const heldBack = <C extends Secret>(
  actor: Actor,
  before: (Placed & { credentials: readonly Secret[] }) | undefined,
  after: Placed & { credentials: readonly C[] },
): C[] => {
  const isElsewhere = before === undefined || destination(before) !== destination(after)
  return after.credentials.filter(
    (credential) =>
      (isElsewhere || !before.credentials.some(({ uuid }) => uuid === credential.uuid)) && !mayUse(actor, credential),
  )
}

/** Where a jump host is, and over what: if that changes, so does the machine that those behind it may meet. */
export const isMoved = (before: Placed | undefined, after: Placed | undefined): boolean =>
  before !== undefined && after !== undefined && destination(before) !== destination(after)

/** The same of a target that moves to another zone: an address may be another machine there. */
export const heldBackInZone = (actor: Actor, methods: readonly { credentials: readonly Secret[] }[]): Secret[] =>
  methods.flatMap(({ credentials }) => unusable(actor, credentials))

export const unusable = <C extends Secret>(actor: Actor, credentials: readonly C[]): C[] =>
  credentials.filter((credential) => !mayUse(actor, credential))

/** Methods whose pinned keys would not be asked for any more: they are gone, or lead elsewhere. */
export const displaced = <M extends Placed>(before: readonly M[], after: readonly Placed[]): M[] =>
  before.filter((method) => {
    const kept = after.find(({ uuid }) => uuid === method.uuid)
    return kept === undefined || place(kept) !== place(method)
  })

const place = (method: Placed): string => {
  const { host, port } = addressOf(method)
  return JSON.stringify([method.type, host, port])
}

/** What decides who gets to see the secret. A setting not known to be harmless may lead elsewhere, or weaken the way there. */
const destination = (method: Placed): string => {
  const { host: _host, port: _port, connectTimeoutSec: _patience, ...others } = method.config
  return JSON.stringify([place(method), Object.entries(others).toSorted(([a], [b]) => (a < b ? -1 : 1))])
}
