import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import { type CredentialChoice, methodsColumn, uuidPattern } from './methods.store.ts'

/** The UUIDs of targets by UUID, serial, or the name of one in use. */
export const findJumpTargets = async (
  db: Kysely<DB>,
  refs: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  if (refs.length === 0) return new Map()
  const { rows } = await sql<{ ref: string; uuid: string }>`
    select asked.ref, t.uuid from unnest(${refs}::text[]) as asked(ref)
    join assets.targets t on t.id = coalesce(
      (select id from assets.targets where uuid = case when asked.ref ~* ${uuidPattern} then asked.ref::uuid end),
      (select id from assets.targets where serial = upper(asked.ref)),
      (select id from assets.targets where lower(name) = lower(asked.ref) and archived_at is null))`.execute(db)
  return new Map(rows.map(({ ref, uuid }) => [ref, uuid]))
}

/** Targets as machines on the way to others, archived ones too. */
export const selectJumpTargets = (db: Kysely<DB>, uuids: readonly string[]) =>
  db
    .selectFrom('assets.targets as targets')
    .select(['uuid', 'serial', 'name', 'zone', 'archivedAt'])
    .select(methodsColumn.as('methods'))
    .where(sql<boolean>`uuid = any(${uuids}::uuid[])`)
    .execute()

export type JumpTarget = Awaited<ReturnType<typeof selectJumpTargets>>[number]

/** The credentials of all methods that go through a target, at whatever place of their way. */
export const selectCredentialsBehind = async (db: Kysely<DB>, targetUuid: string) => {
  const { rows } = await sql<Pick<CredentialChoice, 'uuid' | 'name' | 'secretEnteredBy'>>`
    with recursive behind as (
      select ${targetUuid}::text as uuid
      union
      select t.uuid::text from behind
      join assets.methods m on m.removed_at is null and m.config -> 'jumpHosts' ? behind.uuid
      join assets.targets t on t.id = m.target_id and t.archived_at is null
    )
    select distinct c.uuid, c.name, c.secret_entered_by from behind
    join assets.methods m on m.removed_at is null and m.config -> 'jumpHosts' ? behind.uuid
    join assets.targets t on t.id = m.target_id and t.archived_at is null
    join assets.method_credentials mc on mc.method_id = m.id
    join assets.credentials c on c.id = mc.credential_id`.execute(db)
  return rows
}
