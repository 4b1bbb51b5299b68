import { type Kysely, type Selectable, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

export type SessionRow = Selectable<DB['identity.sessions']>

export const insertSession = (
  db: Kysely<DB>,
  session: { uuid: string; userId: number; device: string; address: string; expiresAt: Date },
) => db.insertInto('identity.sessions').values(session).returning('id').executeTakeFirstOrThrow()

export const insertRefreshToken = async (
  db: Kysely<DB>,
  sessionId: number,
  tokenHash: Buffer,
  travelsIn: 'cookie' | 'body',
) => {
  await db.insertInto('identity.refreshTokens').values({ sessionId, tokenHash, travelsIn }).execute()
}

/** The token with its session; both rows stay locked, so that of two uses at once one is first. */
export const lockRefreshToken = (db: Kysely<DB>, tokenHash: Buffer) =>
  db
    .selectFrom('identity.refreshTokens as token')
    .innerJoin('identity.sessions as session', 'session.id', 'token.sessionId')
    .innerJoin('identity.users as user', 'user.id', 'session.userId')
    .select([
      'token.id as tokenId',
      'token.travelsIn',
      'session.id as sessionId',
      'session.uuid as sessionUuid',
      'session.createdAt',
      'user.uuid as userUuid',
      'user.username',
      sql<boolean>`token.spent_at is not null`.as('isSpent'),
      sql<boolean>`token.spent_at > now() - interval '10 seconds'`.as('isJustSpent'),
      sql<boolean>`session.revoked_at is null and session.expires_at > now() and "user".status = 'active'`.as(
        'isAlive',
      ),
    ])
    .where('token.tokenHash', '=', tokenHash)
    .forUpdate(['token', 'session'])
    .executeTakeFirst()

export const spendRefreshToken = async (db: Kysely<DB>, tokenId: number) => {
  await db
    .updateTable('identity.refreshTokens')
    .set({ spentAt: sql`now()` })
    .where('id', '=', tokenId)
    .execute()
}

export const prolongSession = async (db: Kysely<DB>, id: number, expiresAt: Date) => {
  await db
    .updateTable('identity.sessions')
    .set({ lastActiveAt: sql`now()`, expiresAt })
    .where('id', '=', id)
    .execute()
}

export type RevokedBecause = 'logout' | 'revoked' | 'reuse' | 'password' | 'deactivated'

type Which = { sessionId?: number; uuid?: string; userId?: number; exceptUuid?: string | null }

/** @returns the ended sessions */
export const revokeSessions = (db: Kysely<DB>, which: Which, because: RevokedBecause) => {
  let query = db
    .updateTable('identity.sessions')
    .set({ revokedAt: sql`now()`, revokedBecause: because })
    .where('revokedAt', 'is', null)
    .returning('uuid')
  if (which.sessionId !== undefined) query = query.where('id', '=', which.sessionId)
  if (which.uuid !== undefined) query = query.where('uuid', '=', which.uuid)
  if (which.userId !== undefined) query = query.where('userId', '=', which.userId)
  if (which.exceptUuid) query = query.where('uuid', '!=', which.exceptUuid)
  return query.execute()
}

/** The living session with its user and permissions. */
export const findLivingSession = (db: Kysely<DB>, uuid: string) =>
  db
    .selectFrom('identity.sessions as session')
    .innerJoin('identity.users as user', 'user.id', 'session.userId')
    .select([
      'user.uuid',
      'user.username',
      'user.mustChangePassword',
      sql<
        string[]
      >`array(select distinct unnest(r.permissions) from identity.user_roles ur join identity.roles r on r.id = ur.role_id where ur.user_id = "user".id)`.as(
        'permissions',
      ),
    ])
    .where('session.uuid', '=', uuid)
    .where('session.revokedAt', 'is', null)
    .where('session.expiresAt', '>', sql<Date>`now()`)
    .where('user.status', '=', 'active')
    .executeTakeFirst()

export const selectSessionsOf = (db: Kysely<DB>, userUuid: string): Promise<SessionRow[]> =>
  db
    .selectFrom('identity.sessions as session')
    .innerJoin('identity.users as user', 'user.id', 'session.userId')
    .selectAll('session')
    .where('user.uuid', '=', userUuid)
    .where('session.revokedAt', 'is', null)
    .where('session.expiresAt', '>', sql<Date>`now()`)
    .orderBy('session.lastActiveAt', 'desc')
    .execute()
