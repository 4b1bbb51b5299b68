import { describe, expect, test } from 'vitest'
import { md4 } from '../../src/ntlm/md4.ts'
import { createRc4 } from '../../src/ntlm/rc4.ts'

describe('MD4 gives the digests of RFC 1320 A.5', () => {
  test.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ])('of %j', (text, digest) => {
    expect(md4(Buffer.from(text)).toString('hex')).toBe(digest)
  })
})

describe('RC4 gives the key streams of RFC 6229', () => {
  test.each([
    ['0102030405', 0, 'b2396305f03dc027ccc3524a0a1118a8'],
    ['0102030405', 4096, 'ff25b58995996707e51fbdf08b34d875'],
    ['0102030405060708090a0b0c0d0e0f10', 0, '9ac7cc9a609d1ef7b2932899cde41b97'],
    ['0102030405060708090a0b0c0d0e0f10', 16, '5248c4959014126a6e8a84f11d1a9e1c'],
  ])('of key %s at %i', (key, offset, stream) => {
    const rc4 = createRc4(Buffer.from(key, 'hex'))
    // in two pieces: it goes on where it stopped
    rc4(Buffer.alloc(offset))
    expect(rc4(Buffer.alloc(16)).toString('hex')).toBe(stream)
  })
})
