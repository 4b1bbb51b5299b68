import type { Me, NewUser, Permission, ProfileChange, User, UserChange } from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { afterCommit, type Context, permit, transaction } from '../../../kernel/context.ts'
import { pageOf, readCursor } from '../../../kernel/cursor.ts'
import { invalid, notFound, Refusal, violatedConstraint } from '../../../kernel/errors.ts'
import { newUuid } from '../../../kernel/identifiers.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { hashPassword } from '../passwords.ts'
import { type RoleRow, selectRolesByName } from '../roles/roles.store.ts'
import * as store from './users.store.ts'

/** What follows for the sessions of a user whose password or status changed. */
export type EndSessions = (ctx: Context, userId: number, because: 'password' | 'deactivated') => Promise<number>

export const createUsers = ({ endSessions, wake }: { endSessions: EndSessions; wake: Wake }) => {
  const find = async (ctx: Context, uuid: string) => {
    const user = await store.findUser(ctx.db, uuid)
    if (user === undefined) throw notFound('user', uuid)
    return user
  }

  const subject = (user: { uuid: string; username: string }) => ({ kind: 'user', uuid: user.uuid, name: user.username })

  const announce = (ctx: Context) => afterCommit(ctx, () => wake.announce(topics.list('users')))

  return {
    list: async (
      ctx: Context,
      query: { q?: string | undefined; status?: string | undefined; limit: number; cursor?: string | undefined },
    ) => {
      permit(ctx, 'users.read')
      const rows = await store.selectUsers(ctx.db, query, readCursor(query.cursor), query.limit + 1)
      return pageOf(rows, query.limit, (row) => ({ key: row.username, id: row.id }), store.toUser)
    },

    read: async (ctx: Context, uuid: string): Promise<User> => {
      permit(ctx, 'users.read')
      return store.toUser(await find(ctx, uuid))
    },

    create: async (ctx: Context, user: NewUser): Promise<User> => {
      permit(ctx, 'users.create')
      const passwordHash = await hashPassword(user.password)
      return transaction(ctx, async (ctx) => {
        const roles = await grantableRoles(ctx, user.roles)
        const uuid = newUuid()
        const id = await unlessTaken(() =>
          store.insertUser(ctx.db, {
            uuid,
            username: user.username,
            displayName: user.displayName ?? user.username,
            email: user.email ?? null,
            phone: user.phone ?? null,
            title: user.title ?? null,
            timeZone: user.timeZone ?? null,
            passwordHash,
            mustChangePassword: user.mustChangePassword,
          }),
        )
        await store.replaceUserRoles(
          ctx.db,
          id,
          roles.map((role) => role.id),
        )
        await audit(ctx, 'users.create', subject({ uuid, username: user.username }), { roles: user.roles })
        announce(ctx)
        return store.toUser(await find(ctx, uuid))
      })
    },

    update: (ctx: Context, uuid: string, change: UserChange): Promise<User> => {
      permit(ctx, 'users.update')
      const { roles, password, status, ...profile } = change
      return transaction(ctx, async (ctx) => {
        const user = await find(ctx, uuid)
        await mayTouch(ctx, user)
        if (isEmpty(change)) return store.toUser(user)
        if (roles !== undefined) {
          const granted = await grantableRoles(ctx, roles)
          if (!roles.includes('administrator')) await keepAnAdministrator(ctx, user)
          await store.replaceUserRoles(
            ctx.db,
            user.id,
            granted.map((role) => role.id),
          )
        }
        if (status === 'deactivated') {
          permit(ctx, 'users.deactivate')
          await keepAnAdministrator(ctx, user)
        }
        await unlessTaken(() =>
          store.updateUser(ctx.db, user.id, {
            ...profileColumns(profile),
            ...(status === undefined ? {} : { status }),
          }),
        )
        if (password !== undefined) {
          await store.updateUser(ctx.db, user.id, {
            passwordHash: await hashPassword(password),
            mustChangePassword: true,
          })
          await endSessions(ctx, user.id, 'password')
        }
        if (status === 'deactivated') await endSessions(ctx, user.id, 'deactivated')
        await audit(ctx, 'users.update', subject(user), {
          ...profile,
          ...(roles === undefined ? {} : { roles }),
          ...(status === undefined ? {} : { status }),
          ...(password === undefined ? {} : { passwordWasSet: true }),
        })
        announce(ctx)
        return store.toUser(await find(ctx, uuid))
      })
    },

    deactivate: (ctx: Context, uuid: string): Promise<User> => {
      permit(ctx, 'users.deactivate')
      return transaction(ctx, async (ctx) => {
        const user = await find(ctx, uuid)
        await mayTouch(ctx, user)
        await keepAnAdministrator(ctx, user)
        await store.updateUser(ctx.db, user.id, { status: 'deactivated' })
        await endSessions(ctx, user.id, 'deactivated')
        await audit(ctx, 'users.deactivate', subject(user))
        announce(ctx)
        return store.toUser(await find(ctx, uuid))
      })
    },

    /** By whoever may start the server and reads its configuration, so nobody's permission is asked. */
    resetPassword: (ctx: Context, username: string, password: string): Promise<void> =>
      transaction(ctx, async (ctx) => {
        const user = await store.findUserByLogin(ctx.db, username)
        if (user === undefined) throw new Refusal('not_found', `There is no user "${username}".`)
        if (user.status !== 'active') throw new Refusal('conflict', `The user "${username}" is deactivated.`)
        await store.updateUser(ctx.db, user.id, {
          passwordHash: await hashPassword(password),
          mustChangePassword: true,
        })
        await endSessions(ctx, user.id, 'password')
        await audit(ctx, 'users.resetPassword', subject(user))
        announce(ctx)
      }),

    me: async (ctx: Context): Promise<Me> => toMe(await find(ctx, ctx.actor.uuid ?? '')),

    updateMe: (ctx: Context, change: ProfileChange): Promise<Me> =>
      transaction(ctx, async (ctx) => {
        const user = await find(ctx, ctx.actor.uuid ?? '')
        if (isEmpty(change)) return toMe(user)
        await unlessTaken(() => store.updateUser(ctx.db, user.id, profileColumns(change)))
        await audit(ctx, 'auth.updateMe', subject(user), { changed: Object.keys(change) })
        announce(ctx)
        return toMe(await find(ctx, user.uuid))
      }),

    /** On the first start: the administrator `admin`. @returns false when there are users already */
    ensureFirstAdministrator: (ctx: Context, password: string, mustChangePassword: boolean): Promise<boolean> =>
      transaction(ctx, async (ctx) => {
        if ((await store.countUsers(ctx.db)) > 0) return false
        await store.lockUsers(ctx.db)
        if ((await store.countUsers(ctx.db)) > 0) return false
        const [administrator] = await selectRolesByName(ctx.db, ['administrator'])
        if (administrator === undefined) throw new Error('The built-in roles are missing.')
        const uuid = newUuid()
        const id = await store.insertUser(ctx.db, {
          uuid,
          username: 'admin',
          displayName: 'Administrator',
          email: null,
          phone: null,
          title: null,
          timeZone: null,
          passwordHash: await hashPassword(password),
          mustChangePassword,
        })
        await store.replaceUserRoles(ctx.db, id, [administrator.id])
        await audit(ctx, 'users.create', subject({ uuid, username: 'admin' }), {
          roles: ['administrator'],
          firstStart: true,
        })
        return true
      }),
  }
}

export type Users = ReturnType<typeof createUsers>

/** The permissions are in alphabetical order, so that who keeps them can compare. */
export const toMe = (row: store.UserRow): Me => ({
  ...store.toUser(row),
  permissions: (row.permissions as Permission[]).toSorted(),
})

const isEmpty = (change: object) => Object.values(change).every((value) => value === undefined)

/** Nobody gives away more than they have. */
const grantableRoles = async (ctx: Context, names: readonly string[]): Promise<RoleRow[]> => {
  const roles = await selectRolesByName(ctx.db, names)
  const unknown = names.filter((name) => !roles.some((role) => role.name === name))
  if (unknown.length > 0)
    throw invalid(unknown.map((name) => ({ path: 'roles', message: `there is no role "${name}"` })))
  for (const role of roles) refuseBeyond(ctx, role.permissions, `give the role ${role.name}`)
  return roles
}

/** Nor do they change somebody who may do more. */
const mayTouch = async (ctx: Context, user: store.UserRow) => {
  refuseBeyond(ctx, user.permissions, `change ${user.username}`)
}

const refuseBeyond = (ctx: Context, permissions: readonly string[], what: string) => {
  const beyond = permissions.filter((permission) => !ctx.actor.permissions.has(permission as Permission))
  if (beyond.length > 0)
    throw new Refusal('forbidden', `You may not ${what}: it has permissions that you lack (${beyond.join(', ')}).`)
}

const keepAnAdministrator = async (ctx: Context, user: store.UserRow) => {
  if (!user.roles.includes('administrator')) return
  if ((await store.lockOtherAdministrators(ctx.db, user.id)).length > 0) return
  throw new Refusal(
    'conflict',
    `${user.username} is the last active administrator. Make somebody else administrator first.`,
  )
}

const profileColumns = ({ preferences, displayName, email, phone, title, timeZone }: ProfileChange) => ({
  ...(displayName === undefined ? {} : { displayName }),
  ...(email === undefined ? {} : { email }),
  ...(phone === undefined ? {} : { phone }),
  ...(title === undefined ? {} : { title }),
  ...(timeZone === undefined ? {} : { timeZone }),
  ...(preferences === undefined ? {} : { preferences: store.preferencesValue(preferences) }),
})

const unlessTaken = async <T>(write: () => Promise<T>): Promise<T> => {
  try {
    return await write()
  } catch (cause) {
    const constraint = violatedConstraint(cause)
    if (constraint === 'users_username_key')
      throw new Refusal('name_taken', 'There is already a user with this user name.', { cause })
    if (constraint === 'users_email_key')
      throw new Refusal('name_taken', 'Another user has this e-mail address.', { cause })
    throw cause
  }
}
