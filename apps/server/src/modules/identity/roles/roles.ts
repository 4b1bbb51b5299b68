import { builtInRoles } from '@opsconductor/contract'
import { type Context, permit } from '../../../kernel/context.ts'
import { newUuid } from '../../../kernel/identifiers.ts'
import { selectRoles, toRole, upsertBuiltInRole } from './roles.store.ts'

export const createRoles = () => ({
  list: async (ctx: Context) => {
    permit(ctx, 'roles.read')
    return { items: (await selectRoles(ctx.db)).map(toRole) }
  },

  /** At the start of the program: the built-in roles are as this version has them. */
  ensureBuiltIn: async (ctx: Context) => {
    for (const [name, { title, description, permissions }] of Object.entries(builtInRoles)) {
      await upsertBuiltInRole(ctx.db, { uuid: newUuid(), name, title, description, permissions: [...permissions] })
    }
  },
})

export type Roles = ReturnType<typeof createRoles>
