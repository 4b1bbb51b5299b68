import { type Context } from '../../kernel/context.ts'
import type { Vault } from '../../kernel/vault/vault.ts'
import { createRoles } from './roles/roles.ts'
import { createAccessTokens } from './sessions/access-tokens.ts'
import { sessionRoutes } from './sessions/sessions.routes.ts'
import { createSessions } from './sessions/sessions.ts'
import { userRoutes } from './users/users.routes.ts'
import { createUsers } from './users/users.ts'

/** Who people are and what they may do. */
export const createIdentity = ({ vault }: { vault: Vault }) => {
  const sessions = createSessions({ accessTokens: createAccessTokens(vault.derive('access tokens')) })
  const users = createUsers({ endSessions: sessions.endSessionsOf })
  const roles = createRoles()
  return {
    endpoints: [...sessionRoutes({ sessions, users }), ...userRoutes({ users, roles })],
    identify: (ctx: Pick<Context, 'db'>, accessToken: string) => sessions.identify(ctx, accessToken),
    ensureBuiltInRoles: roles.ensureBuiltIn,
    ensureFirstAdministrator: users.ensureFirstAdministrator,
  }
}

export type Identity = ReturnType<typeof createIdentity>
