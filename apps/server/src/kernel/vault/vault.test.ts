import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createVault } from './vault.ts'

const first = { version: 1, key: randomBytes(32) }
const second = { version: 2, key: randomBytes(32) }
const secret = Buffer.from('correct horse battery staple')

test('a sealed secret opens for what it belongs to', () => {
  const vault = createVault([first])
  const envelope = vault.seal(secret, 'credential:a')
  expect(envelope.includes(secret)).toBe(false)
  expect(vault.open(envelope, 'credential:a')).toEqual(secret)
})

test('an envelope that was moved to another credential does not open', () => {
  const vault = createVault([first])
  expect(() => vault.open(vault.seal(secret, 'credential:a'), 'credential:b')).toThrow('unable to authenticate')
})

test('an envelope of which any byte was changed does not open', () => {
  const vault = createVault([first])
  const envelope = vault.seal(secret, 'credential:a')
  for (let at = 0; at < envelope.length; at++) {
    const changed = Buffer.from(envelope)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() => vault.open(changed, 'credential:a')).toThrow(
      /unable to authenticate|not a sealed secret|not configured/,
    )
  }
})

test('what an older master key sealed opens after a newer one took over, and not without the older one', () => {
  const envelope = createVault([first]).seal(secret, 'credential:a')
  expect(createVault([second, first]).open(envelope, 'credential:a')).toEqual(secret)
  expect(() => createVault([second]).open(envelope, 'credential:a')).toThrow('master key 1')
})

test('two sealings of one secret have nothing in common', () => {
  const vault = createVault([first])
  expect(vault.seal(secret, 'credential:a')).not.toEqual(vault.seal(secret, 'credential:a'))
})
