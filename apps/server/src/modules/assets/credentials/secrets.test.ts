import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { credentialSecrets } from '@opsconductor/contract'
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

test('a secret that cannot be masked is refused: spaces around it do not count, nor the halves of a sign', () => {
  const fits = (secret: string) => {
    const given = { username: 'ops', privateKey: 'a key', passphrase: secret }
    const results = [
      credentialSecrets.password.safeParse({ username: 'ops', password: secret }),
      credentialSecrets.ssh_key.safeParse(given),
    ]
    return results.map((result) => (result.success ? 'fits' : result.error.issues.map(({ message }) => message)))
  }
  const refused = ['at least 4 characters, shorter ones cannot be masked in output']
  for (const secret of ['abc', '  abc  ', '🔑🔑', 'a\r\nb']) {
    expect(fits(secret)).toEqual([refused, refused])
  }
  for (const secret of ['abcd', ' abcd ', '🔑🔑🔑🔑']) {
    expect(fits(secret)).toEqual(['fits', 'fits'])
  }
})
