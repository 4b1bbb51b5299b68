import { api } from '@opsconductor/contract'
import { on } from '../../kernel/http/endpoints.ts'
import { createAuditTrail } from './audit-trail/audit-trail.ts'
import { type Counts, createDashboard } from './dashboard/dashboard.ts'

/** What can be learned from what happened. */
export const createInsight = ({ counts }: { counts: Counts }) => {
  const dashboard = createDashboard({ counts })
  const auditTrail = createAuditTrail()
  return {
    endpoints: [
      on(api.dashboard.read, (ctx) => dashboard.read(ctx)),
      on(api.audit.list, (ctx, { query }) => auditTrail.list(ctx, query)),
    ],
  }
}
