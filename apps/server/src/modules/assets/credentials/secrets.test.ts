import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createVault } from '../../../kernel/vault/vault.ts'
import { openSecret, sealSecret, textsToHide } from './secrets.ts'

const key = 'MC4CAQAwBQYDK2VwBCIEIGZha2Uga2V5IGZvciBhIHRlc3Qgb25seQ'

test('what output may not show: passwords, passphrases, tokens and each line of a key, but no names', () => {
  expect(textsToHide({ username: 'ops', password: 'hunter22', domain: 'CORP' })).toEqual(['hunter22'])
  expect(textsToHide({ token: 'abcdefgh' })).toEqual(['abcdefgh'])
  expect(textsToHide({ key: 'k-123456', header: 'X-Api-Key' })).toEqual(['k-123456'])
  const privateKey = `-----BEGIN PRIVATE KEY-----\r\n${key}\r\nab==\r\n-----END PRIVATE KEY-----`
  expect(textsToHide({ username: 'ops', privateKey, passphrase: 'open sesame' })).toEqual([key, 'open sesame'])
})

test('a passphrase too short to be masked is left out rather than blackening everything', () => {
  expect(textsToHide({ username: 'ops', privateKey: 'none', passphrase: 'e' })).toEqual([])
})

test('a secret that was moved to another credential does not open', () => {
  const vault = createVault([{ version: 1, key: randomBytes(32) }])
  const { sealedSecret } = sealSecret(vault, 'one', { token: 'abcdefgh' })
  expect(openSecret(vault, 'one', 'bearer', sealedSecret)).toEqual({ type: 'bearer', secret: { token: 'abcdefgh' } })
  expect(() => openSecret(vault, 'other', 'bearer', sealedSecret)).toThrow('unable to authenticate')
})
