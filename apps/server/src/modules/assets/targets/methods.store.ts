import type { JumpHost, MethodConfig, MethodType } from '@opsconductor/contract'
import { type Kysely, sql } from 'kysely'
import { type DB, jsonb } from '../../../kernel/database/index.ts'

export type MethodRow = {
  uuid: string
  type: MethodType
  name: string
  isPrimary: boolean
  priority: number
  isActive: boolean
  config: MethodConfig
}

// a subquery by UUID and one by name, so that each uses its index
export const uuidPattern = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'

export type CredentialChoice = { id: number; uuid: string; name: string; type: string; secretEnteredBy: string | null }

/** A method of a target as it is. */
export type TargetMethod = MethodRow & { credentials: MethodCredential[]; jumpHosts: JumpHost[] }

/** A target's methods with their credentials as JSON, for a select from `targets`. The primary first, then by priority. */
export const methodsColumn = sql<TargetMethod[]>`coalesce((
  select json_agg(json_build_object(
      'uuid', m.uuid, 'type', m.type, 'name', m.name, 'isPrimary', m.is_primary, 'priority', m.priority,
      'isActive', m.is_active, 'config', m.config, 'credentials', coalesce((
        select json_agg(json_build_object('uuid', c.uuid, 'name', c.name, 'username', c.username, 'isPrimary', mc.is_primary,
            'secretVersion', c.secret_version, 'secretEnteredBy', c.secret_entered_by) order by mc.is_primary desc, lower(c.name))
          from assets.method_credentials mc join assets.credentials c on c.id = mc.credential_id
          where mc.method_id = m.id), '[]'::json),
      'jumpHosts', coalesce((
        select json_agg(json_build_object('uuid', j.uuid, 'serial', j.serial, 'name', j.name,
            'isArchived', j.archived_at is not null) order by hop.place)
          from jsonb_array_elements_text(m.config -> 'jumpHosts') with ordinality as hop(uuid, place)
          join assets.targets j on j.uuid = hop.uuid::uuid), '[]'::json)
    ) order by m.is_primary desc, m.priority, m.id)
    from assets.methods m where m.target_id = targets.id and m.removed_at is null), '[]'::json)`

export type MethodCredential = {
  uuid: string
  name: string
  /** Null where its kind has none. */
  username: string | null
  isPrimary: boolean
  secretVersion: number
  /** UUID of the user; null where it is not known. */
  secretEnteredBy: string | null
}

/** Credentials in use by UUID or name; they stay as they are until the transaction ends, so that none is archived meanwhile. */
export const lockCredentials = async (
  db: Kysely<DB>,
  refs: readonly string[],
): Promise<ReadonlyMap<string, CredentialChoice>> => {
  if (refs.length === 0) return new Map()
  const { rows } = await sql<CredentialChoice & { ref: string }>`
    select asked.ref, c.id, c.uuid, c.name, c.type, c.secret_entered_by
    from unnest(${refs}::text[]) as asked(ref)
    join assets.credentials c on c.id = coalesce(
      (select id from assets.credentials where uuid = case when asked.ref ~* ${uuidPattern} then asked.ref::uuid end),
      (select id from assets.credentials where lower(name) = lower(asked.ref) and archived_at is null))
    where c.archived_at is null
    for share of c`.execute(db)
  return new Map(rows.map(({ ref, ...credential }) => [ref, credential]))
}

/** Takes the primary mark and the credentials off all methods, and removes those that are not kept. */
export const clearMethods = async (db: Kysely<DB>, targetId: number, keep: readonly string[]) => {
  await sql`delete from assets.method_credentials
    where method_id in (select id from assets.methods where target_id = ${targetId} and removed_at is null)`.execute(db)
  await sql`update assets.methods
    set is_primary = false, removed_at = case when uuid = any(${keep}::uuid[]) then null else now() end
    where target_id = ${targetId} and removed_at is null`.execute(db)
}

/** @returns the method's id */
export const saveMethod = async (db: Kysely<DB>, targetId: number, method: MethodRow): Promise<number> => {
  const { uuid, config, ...columns } = method
  const values = { ...columns, config: jsonb(config) }
  const { id } = await db
    .insertInto('assets.methods')
    .values({ ...values, uuid, targetId })
    .onConflict((conflict) => conflict.column('uuid').doUpdateSet(values))
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export const insertMethodCredentials = async (
  db: Kysely<DB>,
  methodId: number,
  credentials: readonly { credentialId: number; isPrimary: boolean }[],
) => {
  if (credentials.length === 0) return
  await db
    .insertInto('assets.methodCredentials')
    .values(credentials.map((credential) => ({ ...credential, methodId })))
    .execute()
}
