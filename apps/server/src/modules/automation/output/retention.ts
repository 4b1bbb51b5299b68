import { audit } from '../../../kernel/audit/audit.ts'
import { type Context, transaction } from '../../../kernel/context.ts'
import { dropPartitions } from './retention.store.ts'

/**
 * Removes the output and the lifecycle lines of executions that were created more than `keepDays` days ago and have
 * ended. Their results, versions and the audit trail stay; it says there what was removed.
 */
export const removeOldOutput = (ctx: Context, keepDays: number): Promise<void> =>
  transaction(ctx, async (ctx) => {
    const dropped = await dropPartitions(ctx.db, keepDays)
    if (dropped.length === 0) return
    const days = [...new Set(dropped.map(({ day }) => day))]
    await audit(ctx, 'output.remove', null, {
      keepDays,
      days,
      tables: [...new Set(dropped.map(({ parent }) => parent))],
    })
    ctx.log.info({ keepDays, days }, 'old output was removed')
  })
