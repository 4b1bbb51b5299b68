import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createPrivateKeys } from '../src/ssh/private-key.ts'
import { findProgram, sshdAvailable } from '../testing/index.ts'

const keys = createPrivateKeys()
const read = (privateKey: string, passphrase?: string) => keys.parsed(privateKey, passphrase)

describe('keys that Node makes', () => {
  const pkcs8 = (passphrase?: string) =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: {
        type: 'pkcs8',
        format: 'pem',
        ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
      },
    }).privateKey

  test('PKCS#8 is read, with a passphrase too', () => {
    expect(read(pkcs8()).type).toBe('ssh-rsa')
    const locked = pkcs8('open sesame')
    expect(read(locked, 'open sesame').type).toBe('ssh-rsa')
    expect(() => read(locked, 'wrong')).toThrow('passphrase does not fit this key')
    expect(() => read(locked)).toThrow('protected by a passphrase')
  })

  test('what is no key is said to be none, without being repeated', () => {
    expect(() => read('hunter2 is my password')).toThrow(
      expect.objectContaining({ fault: 'denied', phase: 'authentication' }),
    )
    expect(() => read('hunter2 is my password')).toThrow(/cannot be read/)
    expect(() => read('hunter2 is my password')).not.toThrow(/hunter2/)
  })
})

describe.skipIf(!sshdAvailable('keys made by ssh-keygen'))('keys made by ssh-keygen', () => {
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-keys-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  let number = 0
  const make = (...options: string[]): string => {
    const path = join(folder, `key-${++number}`)
    execFileSync(findProgram('ssh-keygen') ?? '', ['-q', '-f', path, ...options])
    return path
  }

  test.each([
    ['ed25519', 'ssh-ed25519'],
    ['rsa', 'ssh-rsa'],
    ['ecdsa', 'ecdsa-sha2-nistp256'],
  ])('%s is read and signs', (type, expected) => {
    const key = read(readFileSync(make('-t', type, '-N', ''), 'utf8'))
    expect(key.type).toBe(expected)
    expect(
      key.verify(
        'words',
        key.sign('words', type === 'rsa' ? 'sha256' : undefined),
        type === 'rsa' ? 'sha256' : undefined,
      ),
    ).toBe(true)
  })

  test.each([['OpenSSH'], ['PEM']])('a passphrase that is wrong or missing is said, in %s format', (format) => {
    const path = make('-t', 'rsa', '-b', '2048', '-N', 'open sesame', ...(format === 'PEM' ? ['-m', 'PEM'] : []))
    const privateKey = readFileSync(path, 'utf8')
    expect(read(privateKey, 'open sesame').type).toBe('ssh-rsa')
    expect(() => read(privateKey, 'wrong')).toThrow('passphrase does not fit this key')
    expect(() => read(privateKey)).toThrow('protected by a passphrase')
  })

  test('a public key in its place is said', () => {
    expect(() => read(readFileSync(`${make('-t', 'ed25519', '-N', '')}.pub`, 'utf8'))).toThrow('This is a public key')
  })

  test('a key is parsed once', () => {
    const privateKey = readFileSync(make('-t', 'ed25519', '-N', ''), 'utf8')
    expect(read(privateKey)).toBe(read(privateKey))
  })
})
