import { SignJWT, errors, jwtVerify } from 'jose'
import { Refusal } from '../../../kernel/errors.ts'

export const accessTokenSec = 15 * 60
const audience = 'opsconductor'

export type AccessClaims = { user: string; session: string; expiresAt: Date }

/** Signs and checks access tokens: JWT, HS256 (RFC 7519, RFC 7518 §3.2), fifteen minutes, bound to a session. */
export const createAccessTokens = (key: Uint8Array) => ({
  sign: (user: string, session: string): Promise<string> =>
    new SignJWT({ sid: session })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(user)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${accessTokenSec} s`)
      .sign(key),

  /** @throws Refusal `token_expired` or `unauthenticated` */
  verify: async (token: string): Promise<AccessClaims> => {
    try {
      const { payload } = await jwtVerify(token, key, {
        audience,
        algorithms: ['HS256'],
        requiredClaims: ['sub', 'sid', 'exp'],
      })
      return {
        user: payload.sub ?? '',
        session: String(payload['sid']),
        expiresAt: new Date((payload.exp ?? 0) * 1000),
      }
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) {
        throw new Refusal('token_expired', 'The access token has expired. Refresh it with POST /api/v1/auth/refresh.', {
          cause,
        })
      }
      throw new Refusal('unauthenticated', 'This access token is not one of ours. Log in again.', { cause })
    }
  },
})

export type AccessTokens = ReturnType<typeof createAccessTokens>
