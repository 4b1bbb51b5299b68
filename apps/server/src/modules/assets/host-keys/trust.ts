import { type HostKey, TransportError, type Trust, type TrustVerdict } from '@opsconductor/transports'
import type { Kysely } from 'kysely'
import { type Context, transaction } from '../../../kernel/context.ts'
import type { DB } from '../../../kernel/database/index.ts'
import { gathered } from '../../../kernel/gather.ts'
import {
  insertPinned,
  lockMethod,
  type PinnedKey,
  type Place,
  selectAllPinned,
  selectPinned,
} from './host-keys.store.ts'

const howToForget =
  'If that is right, somebody with the permission targets.trust can forget the old key; the next connection pins the new one.'

/** What a wire needs to know of a target's identity. */
export type PinnedTrust = {
  trust: Trust
  knownAlgorithms: string[]
  /** The key pinned first, if any: for a wire that can expect only one. */
  knownKey: string | undefined
  /** Whether this connection was the first to see a key, which is pinned now. */
  hasPinned: () => boolean
  /** A server that no longer has a key of the kind known is refused by the wire; this adds what was known. */
  explain: (error: unknown) => unknown
}

/** Many connections are opened in one moment: what is known for them is read together. */
const readPinned = gathered<{ db: Kysely<DB>; place: Place }, PinnedKey[]>({
  keyOf: ({ db }) => db,
  handle: (asks) =>
    selectAllPinned(
      asks[0].db,
      asks.map(({ place }) => place),
    ),
})

/** The keys pinned for a method at an address, as they are now. Without any, the first key shown is pinned. */
export const pinnedTrust = async (ctx: Context, place: Place, pinnedBy: 'test' | 'execution'): Promise<PinnedTrust> => {
  const known = await readPinned({ db: ctx.db, place })
  let hasPinned = false

  const pinFirst = (offered: HostKey): Promise<TrustVerdict> =>
    transaction(ctx, async (ctx) => {
      const methodId = await lockMethod(ctx.db, place.methodUuid)
      if (methodId === undefined) return { refused: 'Its method was removed meanwhile.' }
      // who came in the same moment may have pinned a key: then that one counts
      const pinned = await selectPinned(ctx.db, place)
      if (pinned.length > 0) return verdict(pinned, offered)
      await insertPinned(ctx.db, methodId, place, offered, pinnedBy)
      hasPinned = true
      return 'trusted'
    })

  return {
    trust: async (offered) => (known.length > 0 ? verdict(known, offered) : pinFirst(offered)),
    knownAlgorithms: known.map(({ algorithm }) => algorithm),
    knownKey: known[0]?.key,
    hasPinned: () => hasPinned,
    explain: (error) => {
      if (!(error instanceof TransportError) || error.fault !== 'untrusted') return error
      if (error.details.expectedFingerprint !== undefined || known.length === 0) return error
      const expectedFingerprint = fingerprints(known)
      return new TransportError(
        error.fault,
        error.phase,
        `${error.message} Expected ${expectedFingerprint}. ${howToForget}`,
        { ...error.details, expectedFingerprint },
        error,
      )
    },
  }
}

const verdict = (pinned: readonly PinnedKey[], offered: HostKey): TrustVerdict =>
  pinned.some(({ algorithm, key }) => algorithm === offered.algorithm && key === offered.key)
    ? 'trusted'
    : { refused: `It has changed. ${howToForget}`, expected: fingerprints(pinned) }

const fingerprints = (keys: readonly PinnedKey[]) =>
  keys.map(({ fingerprint, algorithm }) => `${fingerprint} (${algorithm})`).join(' or ')
