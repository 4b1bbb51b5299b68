import { Name, Note, Time, Uuid, isOneLine } from '../identifiers.ts'
import { ListQuery, pageOf } from '../lists.ts'
import { Permission } from '../permissions.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'

export const Username = z
  .string()
  .trim()
  .toLowerCase()
  .regex(
    /^[a-z0-9][a-z0-9._@-]{1,63}$/,
    'two to 64 of a–z, 0–9, dot, dash, underscore and @, starting with a letter or digit',
  )

/** The policy until it becomes a setting: long enough, and not longer than what is sensible to hash. */
export const passwordMinLength = 12
export const Password = z.string().min(passwordMinLength, `at least ${passwordMinLength} characters`).max(256)

/** IANA name, as the browser or the server's own calendar knows it. */
export const TimeZone = z.string().refine(isTimeZone, 'not a time zone such as Europe/Berlin')

const profileFields = {
  displayName: Name.refine(isOneLine, 'one line'),
  email: z.email().max(254).nullable(),
  phone: z.string().trim().max(40).refine(isOneLine, 'one line').nullable(),
  title: z.string().trim().max(120).refine(isOneLine, 'one line').nullable(),
  timeZone: TimeZone.nullable(),
}

export const User = z.object({
  uuid: Uuid,
  username: z.string(),
  ...profileFields,
  preferences: z.record(z.string(), z.unknown()),
  status: z.enum(['active', 'deactivated']),
  roles: z.array(z.string()),
  mustChangePassword: z.boolean(),
  lastLoginAt: Time.nullable(),
  createdAt: Time,
  updatedAt: Time,
  revision: z.number().int(),
})
export type User = z.infer<typeof User>

export const Me = User.extend({ permissions: z.array(Permission) })
export type Me = z.infer<typeof Me>

const Roles = z.array(z.string()).min(1, 'at least one role')

export const NewUser = z.strictObject({
  username: Username,
  password: Password,
  ...z.object(profileFields).partial().shape,
  displayName: profileFields.displayName.optional(),
  roles: Roles,
  mustChangePassword: z.boolean().default(true),
})
export type NewUser = z.infer<typeof NewUser>

export const ProfileChange = z.strictObject({
  ...z.object(profileFields).partial().shape,
  preferences: z.record(z.string().max(60), z.unknown()).optional(),
})
export type ProfileChange = z.infer<typeof ProfileChange>

export const UserChange = ProfileChange.extend({
  roles: Roles.optional(),
  status: z.enum(['active', 'deactivated']).optional(),
  password: Password.optional().describe('sets a new password, to be changed at the next log-in'),
})
export type UserChange = z.infer<typeof UserChange>

export const Role = z.object({
  uuid: Uuid,
  name: z.string(),
  title: z.string(),
  description: Note,
  isBuiltIn: z.boolean(),
  permissions: z.array(Permission),
})
export type Role = z.infer<typeof Role>

const params = z.object({ ref: Uuid })

export const users = {
  list: route({
    method: 'GET',
    path: '/users',
    summary: 'List users',
    access: 'users.read',
    query: ListQuery.extend({ status: z.enum(['active', 'deactivated']).optional() }),
    status: 200,
    answer: pageOf(User),
  }),
  read: route({
    method: 'GET',
    path: '/users/:ref',
    summary: 'One user',
    access: 'users.read',
    params,
    status: 200,
    answer: User,
  }),
  create: route({
    method: 'POST',
    path: '/users',
    summary: 'Add a user',
    access: 'users.create',
    body: NewUser,
    status: 201,
    answer: User,
  }),
  update: route({
    method: 'PATCH',
    path: '/users/:ref',
    summary: 'Change a user',
    access: 'users.update',
    params,
    body: UserChange,
    status: 200,
    answer: User,
  }),
  deactivate: route({
    method: 'DELETE',
    path: '/users/:ref',
    summary: 'Deactivate a user and end the sessions; history keeps the name',
    access: 'users.deactivate',
    params,
    status: 200,
    answer: User,
  }),
}

export const roles = {
  list: route({
    method: 'GET',
    path: '/roles',
    summary: 'All roles',
    access: 'roles.read',
    status: 200,
    answer: z.object({ items: z.array(Role) }),
  }),
}

function isTimeZone(name: string) {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
