import type { HostKey } from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { afterCommit, type Context, permit, transaction } from '../../../kernel/context.ts'
import { notFound } from '../../../kernel/errors.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { findTarget, targetSubject } from '../targets/find-target.ts'
import * as store from './host-keys.store.ts'

export const createHostKeys = ({ wake }: { wake: Wake }) => ({
  list: async (ctx: Context, ref: string): Promise<{ items: HostKey[] }> => {
    permit(ctx, 'targets.read')
    const target = await findTarget(ctx, ref)
    return { items: await store.selectHostKeys(ctx.db, target.id) }
  },

  /** All pinned keys of a method; the next connection pins the one it meets. */
  forget: (ctx: Context, ref: string, methodUuid: string): Promise<void> => {
    permit(ctx, 'targets.trust')
    return transaction(ctx, async (ctx) => {
      const target = await findTarget(ctx, ref)
      const method = await store.findMethod(ctx.db, target.id, methodUuid)
      if (method === undefined) throw notFound('method', methodUuid)
      const forgotten = await store.forgetPinned(ctx.db, method.id)
      await audit(ctx, 'targets.forgetHostKeys', targetSubject(target), { method: method.name, forgotten })
      afterCommit(ctx, () => wake.announce(topics.list('targets')))
    })
  },
})

export type HostKeys = ReturnType<typeof createHostKeys>
