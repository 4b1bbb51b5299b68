import { api } from '@opsconductor/contract'
import { SignJWT } from 'jose'
import { createVault } from '../src/kernel/vault/vault.ts'
import type { TestApp } from './app.ts'
import type { Client } from './client.ts'

/** The key with which this app signs its access tokens. */
export const tokenKey = (app: TestApp) => createVault([{ version: 1, key: app.key }]).derive('access tokens')

/** An access token of this user's session that is like a true one, but for a change. */
export const forge = async (
  who: Client,
  secret: Uint8Array,
  change: (token: SignJWT) => SignJWT = (token) => token,
) => {
  const { session } = await who(api.auth.verify, {})
  return change(
    new SignJWT({ sid: session })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(who.me.uuid)
      .setAudience('opsconductor')
      .setIssuedAt()
      .setExpirationTime('1 minute'),
  ).sign(secret)
}
