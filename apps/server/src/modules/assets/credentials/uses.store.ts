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

export type SealedCredential = { name: string; type: string; sealedSecret: Buffer; secretVersion: number }

/**
 * Takes a sealed secret out and writes down for what, in one statement: no secret leaves unrecorded. An execution that
 * opens it again for the same target is recorded once. Undefined when there is no such credential in use.
 */
export const takeSealedSecret = async (
  db: Kysely<DB>,
  credentialUuid: string,
  { purpose, target, executionUuid, actor }: NewUse,
): Promise<SealedCredential | undefined> => {
  const { rows } = await sql<SealedCredential>`
    with taken as (
      select id, name, type, sealed_secret, secret_version from assets.credentials
      where uuid = ${credentialUuid} and archived_at is null
    ), used as (
      insert into assets.credential_uses (credential_id, purpose, target_uuid, target_name, execution_uuid, actor)
      select id, ${purpose}, ${target.uuid}::uuid, ${target.name}, ${executionUuid}::uuid, ${actor} from taken
      on conflict do nothing
    ), touched as (
      -- a thousand branches with one credential must not queue up for its row
      update assets.credentials set last_used_at = now()
      where id in (select id from taken) and (last_used_at is null or last_used_at < now() - interval '1 second')
    )
    select name, type, sealed_secret, secret_version from taken`.execute(db)
  return rows[0]
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
