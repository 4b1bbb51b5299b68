import { createHash, randomBytes } from 'node:crypto'
import type { Login, Me, Permission, Session, Tokens } from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { type Actor, afterCommit, type Context, permit, transaction } from '../../../kernel/context.ts'
import { notFound, Refusal } from '../../../kernel/errors.ts'
import { newUuid } from '../../../kernel/identifiers.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { hashPassword, isPassword, nobodysHash } from '../passwords.ts'
import { toMe } from '../users/users.ts'
import { findUser, findUserByLogin, noteLogin, updateUser, type UserRow } from '../users/users.store.ts'
import { type AccessTokens, accessTokenSec } from './access-tokens.ts'
import { type Attempt, attemptOf, noteFailure, noteSuccess, refuseLocked } from './lock-out.ts'
import * as store from './sessions.store.ts'

export const refreshTokenSec = 7 * 86_400
/** However often it is refreshed, a session ends after this. */
const sessionMaxSec = 30 * 86_400
/** An ended session is noticed this late at most. */
const cacheMs = 5_000

/** New tokens, and where the refresh token is to travel. */
export type Issued = { tokens: Omit<Tokens, 'refreshToken'>; refreshToken: string; travelsIn: 'cookie' | 'body' }
export type Client = { device: string; address: string }

export const createSessions = ({ accessTokens, wake }: { accessTokens: AccessTokens; wake: Wake }) => {
  const living = new Map<string, { until: number; found: ReturnType<typeof store.findLivingSession> }>()

  const livingSession = (ctx: Pick<Context, 'db'>, uuid: string) => {
    const now = performance.now()
    const cached = living.get(uuid)
    if (cached !== undefined && cached.until > now) return cached.found
    if (living.size > 10_000) living.clear()
    const found = store.findLivingSession(ctx.db, uuid)
    living.set(uuid, { until: now + cacheMs, found })
    found.catch(() => living.delete(uuid)) // the failure reaches the caller; the next one asks again
    return found
  }

  const forget = (sessions: readonly { uuid: string }[]) => {
    for (const { uuid } of sessions) living.delete(uuid)
  }

  const issue = async (
    ctx: Context,
    user: UserRow,
    session: { id: number; uuid: string },
    travelsIn: 'cookie' | 'body',
  ): Promise<Issued> => {
    const refreshToken = randomBytes(32).toString('base64url')
    await store.insertRefreshToken(ctx.db, session.id, hashOf(refreshToken), travelsIn)
    const accessToken = await accessTokens.sign(user.uuid, session.uuid)
    return { tokens: { accessToken, expiresInSec: accessTokenSec, user: toMe(user) }, refreshToken, travelsIn }
  }

  const endSessionOf = async (ctx: Context, tokens: { refreshToken: string | null; accessToken: string | null }) => {
    if (tokens.refreshToken !== null) {
      const token = await store.lockRefreshToken(ctx.db, hashOf(tokens.refreshToken))
      if (token === undefined) return undefined
      forget(await store.revokeSessions(ctx.db, { sessionId: token.sessionId }, 'logout'))
      return { uuid: token.userUuid, name: token.username }
    }
    if (tokens.accessToken === null) return undefined
    const claims = await accessTokens.verify(tokens.accessToken)
    const session = await store.findLivingSession(ctx.db, claims.session)
    forget(await store.revokeSessions(ctx.db, { uuid: claims.session }, 'logout'))
    return session === undefined ? undefined : { uuid: session.uuid, name: session.username }
  }

  /** The same for a name that nobody has: neither the answer nor its time may tell. */
  const refuseLogin = async (
    ctx: Context,
    login: Login,
    attempt: Attempt,
    user: UserRow | undefined,
    client: Client,
  ): Promise<never> => {
    await noteWrongPassword(ctx, 'auth.login', attempt, user, { username: login.username, ...client })
    throw new Refusal('wrong_credentials', 'User name or password is wrong.')
  }

  return {
    login: async (ctx: Context, login: Login, client: Client): Promise<Issued> => {
      const attempt = attemptOf(login.username, client.address)
      const user = await findUserByLogin(ctx.db, login.username)
      await refuseLocked(ctx, attempt, user?.id ?? null)
      const isRight = await isPassword(login.password, user?.passwordHash ?? (await nobodysHash))
      if (user === undefined || !isRight || user.status !== 'active') {
        return refuseLogin(ctx, login, attempt, user, client)
      }
      return transaction(ctx, async (ctx) => {
        await refuseLocked(ctx, attempt, user.id) // others may have guessed wrong meanwhile
        await noteSuccess(ctx, attempt, user.id)
        await noteLogin(ctx.db, user.id)
        const uuid = newUuid()
        const { id } = await store.insertSession(ctx.db, {
          uuid,
          userId: user.id,
          ...client,
          expiresAt: after(refreshTokenSec),
        })
        await audit({ ...ctx, actor: actorOf(user, uuid) }, 'auth.login', subjectOf(user), client)
        const fresh = (await findUser(ctx.db, user.uuid)) ?? user
        return issue(ctx, fresh, { id, uuid }, login.refreshTokenIn)
      })
    },

    /** Spends a refresh token. One that was spent before means that somebody has a copy: its whole session ends. */
    refresh: async (ctx: Context, refreshToken: string): Promise<Issued> => {
      const outcome = await transaction(ctx, async (ctx): Promise<Issued | Refusal> => {
        const token = await store.lockRefreshToken(ctx.db, hashOf(refreshToken))
        if (token === undefined || !token.isAlive)
          return new Refusal('token_revoked', 'The session has ended. Log in again.')
        if (token.isJustSpent && token.travelsIn === 'cookie') {
          return new Refusal(
            'refresh_in_progress',
            'Another tab has just refreshed this session: use the cookie it received.',
          )
        }
        const user = await findUser(ctx.db, token.userUuid)
        if (user === undefined) return new Refusal('token_revoked', 'The session has ended. Log in again.')
        const asUser = { ...ctx, actor: actorOf(user, token.sessionUuid) }
        if (token.isSpent) {
          forget(await store.revokeSessions(ctx.db, { sessionId: token.sessionId }, 'reuse'))
          await audit(asUser, 'auth.refresh', subjectOf(user), {
            refused: true,
            because: 'the refresh token was used before',
          })
          return new Refusal(
            'token_revoked',
            'This refresh token was used before, so its session has been ended. Log in again.',
          )
        }
        await store.spendRefreshToken(ctx.db, token.tokenId)
        const latest = new Date(token.createdAt.getTime() + sessionMaxSec * 1000)
        await store.prolongSession(
          ctx.db,
          token.sessionId,
          new Date(Math.min(after(refreshTokenSec).getTime(), latest.getTime())),
        )
        await audit(asUser, 'auth.refresh', subjectOf(user))
        return issue(ctx, user, { id: token.sessionId, uuid: token.sessionUuid }, token.travelsIn as 'cookie' | 'body')
      })
      if (outcome instanceof Refusal) throw outcome
      return outcome
    },

    /** Ends the session of a refresh token, or of an access token; one that is unknown or ended already is as good. */
    logout: (ctx: Context, tokens: { refreshToken: string | null; accessToken: string | null }): Promise<void> =>
      transaction(ctx, async (ctx) => {
        const ended = await endSessionOf(ctx, tokens)
        if (ended !== undefined) await audit(ctx, 'auth.logout', { kind: 'user', ...ended })
      }),

    /** One's own sessions, this one too; or everybody's. */
    revokeAll: async (ctx: Context, everyone: boolean): Promise<{ revokedSessions: number }> => {
      if (everyone) permit(ctx, 'sessions.revoke')
      return transaction(ctx, async (ctx) => {
        const user = await me(ctx)
        const ended = await store.revokeSessions(ctx.db, everyone ? {} : { userId: user.id }, 'revoked')
        if (everyone) living.clear()
        else forget(ended)
        await audit(ctx, 'auth.revokeAll', subjectOf(user), { everyone, sessions: ended.length })
        return { revokedSessions: ended.length }
      })
    },

    list: async (ctx: Context): Promise<{ items: Session[] }> => {
      const rows = await store.selectSessionsOf(ctx.db, ctx.actor.uuid ?? '')
      return { items: rows.map((row) => toSession(row, ctx.actor.session)) }
    },

    revoke: (ctx: Context, uuid: string): Promise<void> =>
      transaction(ctx, async (ctx) => {
        const user = await me(ctx)
        const ended = await store.revokeSessions(ctx.db, { uuid, userId: user.id }, 'revoked')
        if (ended.length === 0) throw notFound('session', uuid)
        forget(ended)
        await audit(ctx, 'auth.revokeSession', subjectOf(user), { session: uuid })
      }),

    changePassword: async (ctx: Context, currentPassword: string, newPassword: string): Promise<Me> => {
      const user = await me(ctx)
      const attempt = attemptOf(user.username, ctx.address ?? '')
      await refuseLocked(ctx, attempt, user.id)
      if (!(await isPassword(currentPassword, user.passwordHash))) {
        await noteWrongPassword(ctx, 'auth.changePassword', attempt, user, {})
        throw new Refusal('invalid', 'The current password is wrong.', {
          fields: [{ path: 'currentPassword', message: 'is wrong' }],
        })
      }
      if (currentPassword === newPassword) {
        throw new Refusal('invalid', 'The new password is the old one.', {
          fields: [{ path: 'newPassword', message: 'choose another one' }],
        })
      }
      const passwordHash = await hashPassword(newPassword)
      return transaction(ctx, async (ctx) => {
        await refuseLocked(ctx, attempt, user.id) // others may have guessed wrong meanwhile
        await noteSuccess(ctx, attempt, user.id)
        await updateUser(ctx.db, user.id, { passwordHash, mustChangePassword: false })
        forget(await store.revokeSessions(ctx.db, { userId: user.id, exceptUuid: ctx.actor.session }, 'password'))
        forget([{ uuid: ctx.actor.session ?? '' }])
        await audit(ctx, 'auth.changePassword', subjectOf(user))
        afterCommit(ctx, () => wake.announce(topics.list('users')))
        return toMe(await me(ctx))
      })
    },

    endSessionsOf: async (ctx: Context, userId: number, because: 'password' | 'deactivated'): Promise<number> => {
      const ended = await store.revokeSessions(ctx.db, { userId }, because)
      forget(ended)
      return ended.length
    },

    /** Who an access token speaks for; at most five seconds stale. */
    identify: async (ctx: Pick<Context, 'db'>, accessToken: string) => {
      const claims = await accessTokens.verify(accessToken)
      const session = await livingSession(ctx, claims.session)
      if (session === undefined || session.uuid !== claims.user)
        throw new Refusal('token_revoked', 'The session has ended. Log in again.')
      return {
        actor: actorOf(session, claims.session),
        mustChangePassword: session.mustChangePassword,
        expiresAt: claims.expiresAt,
      }
    },
  }
}

export type Sessions = ReturnType<typeof createSessions>

/** Counts a wrong password and writes it down. @throws Refusal `locked_out` when others have locked the name meanwhile */
const noteWrongPassword = (
  ctx: Context,
  action: string,
  attempt: Attempt,
  user: UserRow | undefined,
  details: Record<string, unknown>,
): Promise<void> =>
  transaction(ctx, async (ctx) => {
    const noted = await noteFailure(ctx, attempt)
    // as the right password would be by now
    if (noted === 'wasLocked') await refuseLocked(ctx, attempt, user?.id ?? null)
    const locks = noted === 'locks' ? { lockedOut: true } : {}
    await audit(ctx, action, user === undefined ? null : subjectOf(user), { refused: true, ...details, ...locks })
  })

const me = async (ctx: Context): Promise<UserRow> => {
  const user = await findUser(ctx.db, ctx.actor.uuid ?? '')
  if (user === undefined) throw new Refusal('token_revoked', 'The session has ended. Log in again.')
  return user
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

const after = (seconds: number) => new Date(Date.now() + seconds * 1000)

const subjectOf = ({ uuid, username }: { uuid: string; username: string }) => ({ kind: 'user', uuid, name: username })

const actorOf = (user: { uuid: string; username: string; permissions: string[] }, session: string): Actor => ({
  kind: 'user',
  uuid: user.uuid,
  name: user.username,
  permissions: new Set(user.permissions as Permission[]),
  session,
})

const toSession = (row: store.SessionRow, current: string | null): Session => ({
  uuid: row.uuid,
  device: row.device,
  address: row.address,
  createdAt: row.createdAt.toISOString(),
  lastActiveAt: row.lastActiveAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  isCurrent: row.uuid === current,
})
