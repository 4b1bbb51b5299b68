import type { Kysely } from 'kysely'
import { type DB, jsonb } from '../database/index.ts'

export type NewAuditLine = {
  uuid: string
  actorKind: string
  actorUuid: string | null
  actorName: string
  action: string
  subjectKind: string | null
  subjectUuid: string | null
  subjectName: string | null
  requestId: string
  address: string | null
  details: Record<string, unknown>
}

export const insertAuditLine = async (db: Kysely<DB>, { details, ...line }: NewAuditLine) => {
  await db
    .insertInto('kernel.auditLines')
    .values({ ...line, details: jsonb(details) })
    .execute()
}
