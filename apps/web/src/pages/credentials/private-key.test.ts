import { expect, test } from 'vitest'
import { isEncryptedKey, keyAdvice } from './private-key.ts'

const openSsh = (cipher: string) => {
  const head = `openssh-key-v1\0\0\0\0${String.fromCharCode(cipher.length)}${cipher}\0\0\0\u0006bcrypt\0\0\0\u0018${'x'.repeat(40)}`
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${btoa(head)}\n-----END OPENSSH PRIVATE KEY-----\n`
}

test('an OpenSSH key tells by its cipher whether it needs a passphrase', () => {
  expect(isEncryptedKey(openSsh('aes256-ctr'))).toBe(true)
  expect(isEncryptedKey(openSsh('none'))).toBe(false)
})

test('an older key tells by its head', () => {
  expect(isEncryptedKey('-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n')).toBe(true)
  expect(isEncryptedKey('-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n')).toBe(false)
})

test('a public key and half a key are noticed before they are sent', () => {
  expect(keyAdvice('ssh-ed25519 AAAAC3 me@laptop')).toContain('public')
  expect(keyAdvice('-----BEGIN OPENSSH PRIVATE KEY-----\nabc')).toContain('cut off')
  expect(keyAdvice(openSsh('none'))).toBeNull()
})
