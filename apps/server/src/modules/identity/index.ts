import { type Context } from '../../kernel/context.ts'
import type { Vault } from '../../kernel/vault/vault.ts'
import type { Wake } from '../../kernel/wake/wake.ts'
import { createRoles } from './roles/roles.ts'
import { createAccessTokens } from './sessions/access-tokens.ts'
import { sessionRoutes } from './sessions/sessions.routes.ts'
import { createSessions } from './sessions/sessions.ts'
import { userRoutes } from './users/users.routes.ts'
import { createUsers } from './users/users.ts'

/** Who people are and what they may do. */
export const createIdentity = ({ vault, wake }: { vault: Vault; wake: Wake }) => {
  const sessions = createSessions({ accessTokens: createAccessTokens(vault.derive('access tokens')), wake })
  const users = createUsers({ endSessions: sessions.endSessionsOf, wake })
  const roles = createRoles()
  return {
    endpoints: [...sessionRoutes({ sessions, users }), ...userRoutes({ users, roles })],
    identify: (ctx: Pick<Context, 'db'>, accessToken: string) => sessions.identify(ctx, accessToken),
    ensureBuiltInRoles: roles.ensureBuiltIn,
    ensureFirstAdministrator: users.ensureFirstAdministrator,
    resetPassword: users.resetPassword,
  }
}

export type Identity = ReturnType<typeof createIdentity>
