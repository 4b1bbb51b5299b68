import type { HostKey } from '@opsconductor/contract'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

export type PinnedKey = Pick<Selectable<DB['assets.hostKeys']>, 'algorithm' | 'key' | 'fingerprint'>
/** Where a key is pinned: a method at an address. Another address is another machine. */
export type Place = { methodUuid: string; host: string; port: number }

export const selectPinned = async (db: Kysely<DB>, place: Place): Promise<PinnedKey[]> =>
  (await selectAllPinned(db, [place]))[0] ?? []

/** @returns the keys of each place, in the order of the places */
export const selectAllPinned = async (db: Kysely<DB>, places: readonly Place[]): Promise<PinnedKey[][]> => {
  const uuids = places.map(({ methodUuid }) => methodUuid)
  const { rows } = await sql<PinnedKey & Place>`
    select method.uuid as "methodUuid", pinned.host, pinned.port, pinned.algorithm, pinned.key, pinned.fingerprint
    from assets.methods method join assets.host_keys pinned on pinned.method_id = method.id
    where method.uuid = any(${uuids}::uuid[]) and pinned.forgotten_at is null
    order by pinned.id`.execute(db)
  const byPlace = Map.groupBy(rows, nameOf)
  return places.map((place) =>
    (byPlace.get(nameOf(place)) ?? []).map(({ algorithm, key, fingerprint }) => ({ algorithm, key, fingerprint })),
  )
}

const nameOf = ({ methodUuid, host, port }: Place) => `${methodUuid} ${host} ${port}`

/** Until the transaction ends nobody else pins a key for this method. @returns its id */
export const lockMethod = async (db: Kysely<DB>, methodUuid: string): Promise<number | undefined> =>
  (await db.selectFrom('assets.methods').select('id').where('uuid', '=', methodUuid).forUpdate().executeTakeFirst())?.id

export const insertPinned = async (
  db: Kysely<DB>,
  methodId: number,
  { host, port }: Place,
  key: PinnedKey,
  pinnedBy: 'test' | 'execution',
) => {
  await db
    .insertInto('assets.hostKeys')
    .values({ methodId, host, port, pinnedBy, ...key })
    .execute()
}

export const selectHostKeys = async (db: Kysely<DB>, targetId: number): Promise<HostKey[]> => {
  const rows = await db
    .selectFrom('assets.hostKeys as keys')
    .innerJoin('assets.methods as methods', 'methods.id', 'keys.methodId')
    .where('methods.targetId', '=', targetId)
    .where('methods.removedAt', 'is', null)
    .where('keys.forgottenAt', 'is', null)
    .selectAll('keys')
    .select('methods.uuid as method')
    .orderBy('keys.id')
    .execute()
  return rows.map(({ method, host, port, algorithm, fingerprint, pinnedAt, pinnedBy }) => ({
    method,
    host,
    port,
    algorithm,
    fingerprint,
    pinnedAt: pinnedAt.toISOString(),
    pinnedBy: pinnedBy as HostKey['pinnedBy'],
  }))
}

/** @returns the keys that were pinned until now */
export const forgetPinned = (db: Kysely<DB>, methodId: number) =>
  db
    .updateTable('assets.hostKeys')
    .set({ forgottenAt: sql<Date>`now()` })
    .where('methodId', '=', methodId)
    .where('forgottenAt', 'is', null)
    .returning(['host', 'port', 'algorithm', 'fingerprint'])
    .execute()

/** @returns undefined when the target has no such method */
export const findMethod = (db: Kysely<DB>, targetId: number, methodUuid: string) =>
  db
    .selectFrom('assets.methods')
    .select(['id', 'name'])
    .where('targetId', '=', targetId)
    .where('uuid', '=', methodUuid)
    .where('removedAt', 'is', null)
    .executeTakeFirst()
