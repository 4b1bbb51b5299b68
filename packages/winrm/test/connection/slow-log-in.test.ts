import { expect, test } from 'vitest'
import type { Authentication, Handshake } from '../../src/auth/authentication.ts'
import type { KerberosAccount } from '../../src/auth/kerberos.ts'
import type { HttpConnection } from '../../src/connection/http.ts'
import { logIn } from '../../src/connection/log-in.ts'
import { AuthError, CancelledError, TimeoutError } from '../../src/index.ts'
import { authenticationFor } from '../../src/credentials.ts'

const peer = { host: 'server.example' }

/** Nothing is ever sent: what a Kerberos library waits for is its KDC. */
const silent: HttpConnection = {
  usedAt: 0,
  isOpen: () => true,
  close: () => {},
  post: () => Promise.reject(new Error('nothing is to be sent')),
}

const asking = () => {
  const begun = Promise.withResolvers<Handshake>()
  const said = Promise.withResolvers<Buffer | undefined>()
  let isDisposed = false
  const handshake: Handshake = {
    scheme: 'Negotiate',
    next: () => said.promise,
    finish: () => {
      throw new AuthError('not yet')
    },
    dispose: () => (isDisposed = true),
  }
  const authentication: Extract<Authentication, { kind: 'handshake' }> = {
    kind: 'handshake',
    name: 'Kerberos',
    begin: () => begun.promise,
  }
  return { authentication, handshake, begun, said, isDisposed: () => isDisposed }
}

test('a log-in whose ticket does not come ends with its time limit, and lets go of what comes late', async () => {
  const { authentication, handshake, begun, isDisposed } = asking()
  const entering = logIn(silent, authentication, peer, { timeoutMs: 20, signal: undefined })
  await expect(entering).rejects.toThrow(TimeoutError)
  await expect(entering).rejects.toMatchObject({ phase: 'connect', message: expect.stringMatching(/Kerberos/) })
  begun.resolve(handshake)
  await expect.poll(isDisposed).toBe(true)
})

test('so does one whose first token does not come, and what its library still uses is not taken from it', async () => {
  const { authentication, handshake, begun, said, isDisposed } = asking()
  begun.resolve(handshake)
  await expect(logIn(silent, authentication, peer, { timeoutMs: 20, signal: undefined })).rejects.toThrow(TimeoutError)
  expect(isDisposed()).toBe(false)
  said.resolve(undefined)
  await expect.poll(isDisposed).toBe(true)
})

test('and so does one that is cancelled', async () => {
  const { authentication } = asking()
  const cancel = new AbortController()
  const entering = logIn(silent, authentication, peer, { timeoutMs: 60_000, signal: cancel.signal })
  cancel.abort()
  await expect(entering).rejects.toThrow(CancelledError)
})

test('Kerberos with half of an account is refused before anybody is asked', () => {
  const make = (account: KerberosAccount) => authenticationFor({ type: 'kerberos', ...account }, true)
  expect(() => make({ username: 'anna@EXAMPLE.TEST' })).toThrow(AuthError)
  expect(() => make({ username: 'anna@EXAMPLE.TEST' })).toThrow(/anna@EXAMPLE.TEST.*no password/)
  expect(() => make({ password: 'Secret-1' })).toThrow(/no user name/)
  expect(make({ username: 'anna@EXAMPLE.TEST', fromCache: true }).kind).toBe('handshake')
  expect(make({}).kind).toBe('handshake')
})
