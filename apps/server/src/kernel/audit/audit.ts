import type { Context } from '../context.ts'
import { newUuid } from '../identifiers.ts'
import { insertAuditLine } from './audit.store.ts'

export type AuditSubject = { kind: string; uuid: string; name: string }

/**
 * Writes down what was done, in the transaction that does it. `action` is the name of the route or rule
 * (`targets.archive`); details say what changed and never hold a secret.
 */
export const audit = (
  ctx: Context,
  action: string,
  subject: AuditSubject | null,
  details: Record<string, unknown> = {},
): Promise<void> =>
  insertAuditLine(ctx.db, {
    uuid: newUuid(),
    actorKind: ctx.actor.kind,
    actorUuid: ctx.actor.uuid,
    actorName: ctx.actor.name,
    action,
    subjectKind: subject?.kind ?? null,
    subjectUuid: subject?.uuid ?? null,
    subjectName: subject?.name ?? null,
    requestId: ctx.requestId,
    address: ctx.address,
    details,
  })
