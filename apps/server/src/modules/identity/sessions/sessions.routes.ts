import { type Tokens, api } from '@opsconductor/contract'
import { Refusal } from '../../../kernel/errors.ts'
import { on } from '../../../kernel/http/endpoints.ts'
import type { Exchange } from '../../../kernel/http/exchange.ts'
import type { Users } from '../users/users.ts'
import { type Issued, refreshTokenSec, type Sessions } from './sessions.ts'

export const sessionRoutes = ({ sessions, users }: { sessions: Sessions; users: Users }) => [
  on(api.auth.login, async (ctx, { body }, exchange) =>
    handOver(await sessions.login(ctx, body, { device: exchange.device, address: ctx.address ?? '' }), exchange),
  ),
  on(api.auth.refresh, async (ctx, { body }, exchange) => {
    const token = body?.refreshToken ?? cookieToken(exchange)
    if (token === null) throw new Refusal('unauthenticated', 'There is no refresh token. Log in first.')
    return handOver(await sessions.refresh(ctx, token), exchange)
  }),
  on(api.auth.logout, async (ctx, { body }, exchange) => {
    await sessions.logout(ctx, {
      refreshToken: body?.refreshToken ?? (isByBearerAlone(exchange) ? null : cookieToken(exchange)),
      accessToken: exchange.accessToken,
    })
    exchange.clearRefreshCookie()
  }),
  on(api.auth.revokeAll, (ctx, { body }) => sessions.revokeAll(ctx, body?.everyone ?? false)),
  on(api.auth.verify, async (ctx, _input, exchange) => ({
    valid: true as const,
    user: await users.me(ctx),
    session: ctx.actor.session ?? '',
    expiresAt: exchange.tokenExpiresAt.toISOString(),
  })),
  on(api.auth.me, (ctx) => users.me(ctx)),
  on(api.auth.updateMe, (ctx, { body }) => users.updateMe(ctx, body)),
  on(api.auth.changePassword, (ctx, { body }) => sessions.changePassword(ctx, body.currentPassword, body.newPassword)),
  on(api.auth.sessions, (ctx) => sessions.list(ctx)),
  on(api.auth.revokeSession, (ctx, { params }) => sessions.revoke(ctx, params.ref)),
]

/** An access token is proof enough: a cookie that comes along without our header is passed over. */
const isByBearerAlone = ({ accessToken, isFromOurCode }: Exchange) => accessToken !== null && !isFromOurCode

/** The browser's cookie travels with requests other sites provoke, so it counts only beside a header they cannot set. */
const cookieToken = (exchange: Exchange): string | null => {
  if (exchange.refreshCookie === null) return null
  if (!exchange.isFromOurCode) {
    throw new Refusal('forbidden', 'A request by cookie alone needs the header X-OpsConductor-Request.')
  }
  return exchange.refreshCookie
}

const handOver = ({ tokens, refreshToken, travelsIn }: Issued, exchange: Exchange): Tokens => {
  if (travelsIn === 'body') return { ...tokens, refreshToken }
  exchange.setRefreshCookie(refreshToken, refreshTokenSec)
  return tokens
}
