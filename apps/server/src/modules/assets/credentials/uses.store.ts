import { type Kysely, sql } from 'kysely'
import { containing, type Place } from '../../../kernel/cursor.ts'
import type { DB } from '../../../kernel/database/index.ts'
import type { CredentialUseRow } from './credentials.store.ts'

export type NewUse = {
  purpose: 'test' | 'execution'
  target: { uuid: string; name: string }
  executionUuid: string | null
  actor: string
}

export type SealedCredential = {
  uuid: string
  name: string
  type: string
  sealedSecret: Buffer
  secretVersion: number
}

/**
 * Takes sealed secrets out and writes down for what, in one statement: no secret leaves unrecorded. An execution that
 * opens one again for the same target is recorded once.
 *
 * @returns each of those credentials that are in use, once
 */
export const takeSealedSecrets = async (
  db: Kysely<DB>,
  uses: readonly (NewUse & { credential: string })[],
): Promise<SealedCredential[]> => {
  const { rows } = await sql<SealedCredential>`
    with asked as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(uses)}::jsonb) as asked (
        credential uuid, purpose text, target jsonb, "executionUuid" uuid, actor text
      )
    ), taken as (
      select id, uuid, name, type, sealed_secret, secret_version from assets.credentials
      where uuid in (select credential from asked) and archived_at is null
    ), used as (
      insert into assets.credential_uses (credential_id, purpose, target_uuid, target_name, execution_uuid, actor)
      select taken.id, asked.purpose, (asked.target ->> 'uuid')::uuid, asked.target ->> 'name', asked."executionUuid",
        asked.actor
      from asked join taken on taken.uuid = asked.credential
      on conflict do nothing
    ), touched as (
      -- a thousand branches with one credential must not queue up for its row
      update assets.credentials set last_used_at = now()
      where id in (
        select id from assets.credentials
        where id in (select id from taken) and (last_used_at is null or last_used_at < now() - interval '1 second')
        for update skip locked
      )
    )
    select uuid, name, type, sealed_secret, secret_version from taken`.execute(db)
  return rows
}

/** The latest first. */
export const selectUses = (
  db: Kysely<DB>,
  credentialId: number,
  q: string | undefined,
  after: Place | null,
  limit: number,
): Promise<CredentialUseRow[]> => {
  let query = db
    .selectFrom('assets.credentialUses')
    .selectAll()
    .where('credentialId', '=', credentialId)
    .orderBy('id', 'desc')
    .limit(limit)
  if (after !== null) query = query.where('id', '<', after.id)
  if (q) {
    const words = containing(q)
    query = query.where((where) => where.or([where('targetName', 'ilike', words), where('actor', 'ilike', words)]))
  }
  return query.execute()
}
