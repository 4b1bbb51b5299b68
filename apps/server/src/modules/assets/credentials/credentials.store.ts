import type { Credential, CredentialType, CredentialUse } from '@opsconductor/contract'
import { type Insertable, type Kysely, type Selectable, type UpdateObject, sql } from 'kysely'
import { containing, type Place } from '../../../kernel/cursor.ts'
import type { DB } from '../../../kernel/database/index.ts'

/** Everything but the sealed secret, which leaves the database only to be opened, and who entered it. */
export type CredentialRow = Omit<Selectable<DB['assets.credentials']>, 'sealedSecret' | 'secretEnteredBy'> & {
  sortKey: string
  targetCount: number
}

const columns = [
  'id',
  'uuid',
  'name',
  'description',
  'type',
  'username',
  'fingerprint',
  'keyVersion',
  'secretVersion',
  'rotatedAt',
  'lastUsedAt',
  'revision',
  'createdAt',
  'updatedAt',
  'archivedAt',
] as const

/** Where a credential is used: methods that are still there, of targets that are not archived. */
const usedBy = sql`assets.method_credentials mc
  join assets.methods m on m.id = mc.method_id and m.removed_at is null
  join assets.targets t on t.id = m.target_id and t.archived_at is null
  where mc.credential_id = credentials.id`

const select = (db: Kysely<DB>) =>
  db
    .selectFrom('assets.credentials as credentials')
    .select(columns)
    .select([
      sql<string>`lower(credentials.name)`.as('sortKey'),
      sql<number>`(select count(distinct t.id) from ${usedBy})`.as('targetCount'),
    ])

export const findCredential = (db: Kysely<DB>, id: number): Promise<CredentialRow> =>
  select(db).where('id', '=', id).executeTakeFirstOrThrow()

/** By UUID, or by the name of one in use. */
export const findCredentialId = async (db: Kysely<DB>, ref: { uuid: string } | { name: string }, lock = false) => {
  let query = db.selectFrom('assets.credentials').select('id')
  query =
    'uuid' in ref
      ? query.where('uuid', '=', ref.uuid)
      : query.where(sql`lower(name)`, '=', sql`lower(${ref.name})`).where('archivedAt', 'is', null)
  return (await (lock ? query.forUpdate() : query).executeTakeFirst())?.id
}

export type CredentialFilter = { q?: string | undefined; type?: CredentialType | undefined; archived: boolean }

export const selectCredentials = (
  db: Kysely<DB>,
  filter: CredentialFilter,
  after: Place | null,
  limit: number,
): Promise<CredentialRow[]> => {
  let query = select(db)
    .where('archivedAt', filter.archived ? 'is not' : 'is', null)
    .orderBy(sql`lower(credentials.name)`)
    .orderBy('id')
    .limit(limit)
  if (after !== null) query = query.where(sql<boolean>`(lower(credentials.name), id) > (${after.key}, ${after.id})`)
  if (filter.type !== undefined) query = query.where('type', '=', filter.type)
  if (filter.q) {
    const words = containing(filter.q)
    query = query.where((where) =>
      where.or([
        where('name', 'ilike', words),
        where('description', 'ilike', words),
        where('username', 'ilike', words),
      ]),
    )
  }
  return query.execute()
}

export const insertCredential = async (db: Kysely<DB>, row: Insertable<DB['assets.credentials']>): Promise<number> =>
  (await db.insertInto('assets.credentials').values(row).returning('id').executeTakeFirstOrThrow()).id

export const updateCredential = async (db: Kysely<DB>, id: number, change: UpdateObject<DB, 'assets.credentials'>) => {
  await db
    .updateTable('assets.credentials')
    .set({ ...change, revision: sql`revision + 1`, updatedAt: sql`now()` })
    .where('id', '=', id)
    .execute()
}

export const replaceSecret = (
  db: Kysely<DB>,
  id: number,
  secret: {
    sealedSecret: Buffer
    keyVersion: number
    username: string | null
    fingerprint: string | null
    secretEnteredBy: string | null
  },
) => updateCredential(db, id, { ...secret, secretVersion: sql`secret_version + 1`, rotatedAt: sql`now()` })

export const archiveCredential = (db: Kysely<DB>, id: number) =>
  updateCredential(db, id, { archivedAt: sql<Date>`now()` })

/** Names of the targets that use a credential, at most `limit`. */
export const selectUsingTargets = async (db: Kysely<DB>, id: number, limit: number): Promise<string[]> => {
  const { names } = await db
    .selectFrom('assets.credentials as credentials')
    .select(sql<string[]>`array(select distinct t.name from ${usedBy} order by t.name limit ${limit})`.as('names'))
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return names
}

export const countCredentials = async (db: Kysely<DB>): Promise<number> =>
  (
    await db
      .selectFrom('assets.credentials')
      .select(sql<number>`count(*)`.as('count'))
      .where('archivedAt', 'is', null)
      .executeTakeFirstOrThrow()
  ).count

export const toCredential = (row: CredentialRow): Credential => ({
  uuid: row.uuid,
  name: row.name,
  description: row.description,
  type: row.type as CredentialType,
  username: row.username,
  fingerprint: row.fingerprint,
  secretVersion: row.secretVersion,
  rotatedAt: row.rotatedAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  targetCount: row.targetCount,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  archivedAt: row.archivedAt?.toISOString() ?? null,
  revision: row.revision,
})

export type CredentialUseRow = Selectable<DB['assets.credentialUses']>

export const toCredentialUse = (row: CredentialUseRow): CredentialUse => ({
  at: row.at.toISOString(),
  purpose: row.purpose as CredentialUse['purpose'],
  target: { uuid: row.targetUuid, name: row.targetName },
  execution: row.executionUuid,
  actor: row.actor,
})
