import { type Context, permit } from '../../../kernel/context.ts'
import { pageOf, readCursor } from '../../../kernel/cursor.ts'
import { type AuditFilter, selectAuditLines, toAuditLine } from './audit-trail.store.ts'

export const createAuditTrail = () => ({
  list: async (ctx: Context, query: AuditFilter & { limit: number; cursor?: string | undefined }) => {
    permit(ctx, 'audit.read')
    const rows = await selectAuditLines(ctx.db, query, readCursor(query.cursor), query.limit + 1)
    return pageOf(rows, query.limit, (row) => ({ key: '', id: row.id }), toAuditLine)
  },
})

export type AuditTrail = ReturnType<typeof createAuditTrail>
