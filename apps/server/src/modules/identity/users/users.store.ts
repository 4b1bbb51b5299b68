import type { User } from '@opsconductor/contract'
import { type Kysely, type Selectable, type UpdateObject, sql } from 'kysely'
import { containing, type Place } from '../../../kernel/cursor.ts'
import { type DB, jsonb } from '../../../kernel/database/index.ts'

export type UserRow = Selectable<DB['identity.users']> & { roles: string[]; permissions: string[] }

const select = (db: Kysely<DB>) =>
  db
    .selectFrom('identity.users as users')
    .selectAll('users')
    .select([
      sql<
        string[]
      >`array(select r.name from identity.user_roles ur join identity.roles r on r.id = ur.role_id where ur.user_id = users.id order by r.id)`.as(
        'roles',
      ),
      sql<
        string[]
      >`array(select distinct unnest(r.permissions) from identity.user_roles ur join identity.roles r on r.id = ur.role_id where ur.user_id = users.id)`.as(
        'permissions',
      ),
    ])

export const findUser = (db: Kysely<DB>, uuid: string): Promise<UserRow | undefined> =>
  select(db).where('users.uuid', '=', uuid).executeTakeFirst()

/** By user name or e-mail, for log-in. */
export const findUserByLogin = (db: Kysely<DB>, login: string): Promise<UserRow | undefined> =>
  select(db)
    .where((where) => where.or([where('users.username', '=', login), where(sql`lower(users.email)`, '=', login)]))
    .orderBy(sql`users.username = ${login}`, 'desc')
    .limit(1)
    .executeTakeFirst()

export type UserFilter = { q?: string | undefined; status?: string | undefined }

export const selectUsers = (
  db: Kysely<DB>,
  filter: UserFilter,
  after: Place | null,
  limit: number,
): Promise<UserRow[]> => {
  let query = select(db).orderBy('users.username').limit(limit)
  if (after !== null) query = query.where('users.username', '>', after.key)
  if (filter.status !== undefined) query = query.where('users.status', '=', filter.status)
  if (filter.q) {
    const words = containing(filter.q)
    query = query.where((where) =>
      where.or([
        where('users.username', 'ilike', words),
        where('users.displayName', 'ilike', words),
        where('users.email', 'ilike', words),
      ]),
    )
  }
  return query.execute()
}

export type NewUserRow = {
  uuid: string
  username: string
  displayName: string
  email: string | null
  phone: string | null
  title: string | null
  timeZone: string | null
  passwordHash: string
  mustChangePassword: boolean
}

export const insertUser = async (db: Kysely<DB>, user: NewUserRow): Promise<number> =>
  (await db.insertInto('identity.users').values(user).returning('id').executeTakeFirstOrThrow()).id

export const updateUser = async (db: Kysely<DB>, id: number, change: UpdateObject<DB, 'identity.users'>) => {
  await db
    .updateTable('identity.users')
    .set({ ...change, revision: sql`revision + 1`, updatedAt: sql`now()` })
    .where('id', '=', id)
    .execute()
}

export const preferencesValue = jsonb

export const replaceUserRoles = async (db: Kysely<DB>, userId: number, roleIds: readonly number[]) => {
  await db.deleteFrom('identity.userRoles').where('userId', '=', userId).execute()
  await db
    .insertInto('identity.userRoles')
    .values(roleIds.map((roleId) => ({ userId, roleId })))
    .execute()
}

export const countUsers = async (db: Kysely<DB>): Promise<number> =>
  (
    await db
      .selectFrom('identity.users')
      .select(sql<number>`count(*)`.as('count'))
      .executeTakeFirstOrThrow()
  ).count

/** Until the transaction ends nobody else adds a user: of two first starts at once, only one finds the table empty. */
export const lockUsers = (db: Kysely<DB>) => sql`lock table identity.users in share row exclusive mode`.execute(db)

/** Active administrators but for one; their rows stay locked, so that two cannot go in the same moment. */
export const lockOtherAdministrators = (db: Kysely<DB>, exceptUserId: number) =>
  db
    .selectFrom('identity.users as users')
    .innerJoin('identity.userRoles as given', 'given.userId', 'users.id')
    .innerJoin('identity.roles as roles', 'roles.id', 'given.roleId')
    .where('roles.name', '=', 'administrator')
    .where('users.status', '=', 'active')
    .where('users.id', '!=', exceptUserId)
    .select('users.id')
    .forUpdate('users')
    .execute()

export const noteLogin = async (db: Kysely<DB>, id: number) => {
  await db
    .updateTable('identity.users')
    .set({ lastLoginAt: sql`now()` })
    .where('id', '=', id)
    .execute()
}

export const toUser = (row: UserRow): User => ({
  uuid: row.uuid,
  username: row.username,
  displayName: row.displayName,
  email: row.email,
  phone: row.phone,
  title: row.title,
  timeZone: row.timeZone,
  preferences: row.preferences as Record<string, unknown>,
  status: row.status as User['status'],
  roles: row.roles,
  mustChangePassword: row.mustChangePassword,
  lastLoginAt: row.lastLoginAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  revision: row.revision,
})
