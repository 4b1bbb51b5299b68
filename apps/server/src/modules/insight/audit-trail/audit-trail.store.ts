import type { AuditLine } from '@opsconductor/contract'
import { type Kysely, type Selectable } from 'kysely'
import { containing, type Place } from '../../../kernel/cursor.ts'
import type { DB } from '../../../kernel/database/index.ts'

export type AuditRow = Selectable<DB['kernel.auditLines']>
export type AuditFilter = { q?: string | undefined; action?: string | undefined; actor?: string | undefined }

/** Newest first. */
export const selectAuditLines = (
  db: Kysely<DB>,
  filter: AuditFilter,
  after: Place | null,
  limit: number,
): Promise<AuditRow[]> => {
  let query = db.selectFrom('kernel.auditLines').selectAll().orderBy('id', 'desc').limit(limit)
  if (after !== null) query = query.where('id', '<', after.id)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.actor !== undefined) query = query.where('actorName', '=', filter.actor)
  if (filter.q) {
    const words = containing(filter.q)
    query = query.where((where) =>
      where.or([
        where('action', 'ilike', words),
        where('actorName', 'ilike', words),
        where('subjectName', 'ilike', words),
      ]),
    )
  }
  return query.execute()
}

export const toAuditLine = (row: AuditRow): AuditLine => ({
  uuid: row.uuid,
  at: row.at.toISOString(),
  actor: row.actorName,
  action: row.action,
  subject:
    row.subjectKind === null ? null : { kind: row.subjectKind, uuid: row.subjectUuid, name: row.subjectName ?? '' },
  requestId: row.requestId,
  address: row.address,
  details: row.details as Record<string, unknown>,
})
