import { Time, Uuid } from '../identifiers.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'
import { Me, Password, ProfileChange } from './users.ts'

/** Where the refresh token travels: in an HttpOnly cookie (browsers) or in the body (the CLI). */
export const RefreshTokenIn = z.enum(['cookie', 'body']).default('cookie')

export const Login = z.strictObject({
  username: z.string().trim().toLowerCase().min(1).max(254),
  password: z.string().min(1).max(1024),
  refreshTokenIn: RefreshTokenIn,
})
export type Login = z.infer<typeof Login>

export const Tokens = z.object({
  accessToken: z.string(),
  expiresInSec: z.number().int(),
  refreshToken: z.string().optional(),
  user: Me,
})
export type Tokens = z.infer<typeof Tokens>

/** One log-in on one device. */
export const Session = z.object({
  uuid: Uuid,
  device: z.string(),
  address: z.string(),
  createdAt: Time,
  lastActiveAt: Time,
  expiresAt: Time,
  isCurrent: z.boolean(),
})
export type Session = z.infer<typeof Session>

/** The header a browser's code must set when the cookie alone authenticates: other sites cannot set it. */
export const cookieRequestHeader = 'x-opsconductor-request'
export const refreshCookieName = 'opsconductor_refresh'

export const auth = {
  login: route({
    method: 'POST',
    path: '/auth/login',
    summary: 'Log in',
    access: 'public',
    body: Login,
    status: 200,
    answer: Tokens,
  }),
  refresh: route({
    method: 'POST',
    path: '/auth/refresh',
    summary: 'Exchange a refresh token, which is then spent, for new tokens',
    access: 'public',
    body: z.strictObject({ refreshToken: z.string().max(200).optional() }).optional(),
    status: 200,
    answer: Tokens,
  }),
  logout: route({
    method: 'POST',
    path: '/auth/logout',
    summary: 'End this session',
    access: 'public',
    body: z.strictObject({ refreshToken: z.string().max(200).optional() }).optional(),
    status: 204,
  }),
  revokeAll: route({
    method: 'POST',
    path: '/auth/revoke-all',
    summary: 'End all of my sessions, or, for an administrator, everybody’s',
    access: 'signedIn',
    body: z.strictObject({ everyone: z.boolean().default(false) }).optional(),
    status: 200,
    answer: z.object({ revokedSessions: z.number().int() }),
  }),
  verify: route({
    method: 'GET',
    path: '/auth/verify',
    summary: 'Is this access token good?',
    access: 'signedIn',
    status: 200,
    answer: z.object({ valid: z.literal(true), user: Me, session: Uuid, expiresAt: Time }),
  }),
  me: route({
    method: 'GET',
    path: '/auth/me',
    summary: 'Who am I, and what may I do',
    access: 'signedIn',
    status: 200,
    answer: Me,
  }),
  updateMe: route({
    method: 'PATCH',
    path: '/auth/me',
    summary: 'Change my profile',
    access: 'signedIn',
    body: ProfileChange,
    status: 200,
    answer: Me,
  }),
  changePassword: route({
    method: 'POST',
    path: '/auth/password',
    summary: 'Change my password; my other sessions end',
    access: 'signedIn',
    body: z.strictObject({ currentPassword: z.string().min(1).max(1024), newPassword: Password }),
    status: 200,
    answer: Me,
  }),
  sessions: route({
    method: 'GET',
    path: '/auth/sessions',
    summary: 'My sessions',
    access: 'signedIn',
    status: 200,
    answer: z.object({ items: z.array(Session) }),
  }),
  revokeSession: route({
    method: 'DELETE',
    path: '/auth/sessions/:ref',
    summary: 'End one of my sessions',
    access: 'signedIn',
    params: z.object({ ref: Uuid }),
    status: 204,
  }),
}
