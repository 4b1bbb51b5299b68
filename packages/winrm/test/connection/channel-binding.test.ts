import { createHash, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { bindingHash, endPointBinding } from '../../src/connection/channel-binding.ts'
import { selfSigned } from '../../testing/certificates.ts'

const der = (digest: string, key?: readonly string[]) => new X509Certificate(selfSigned(digest, key).cert).raw
const RSA = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem']

describe('the channel binding of a certificate', () => {
  test.each([
    ['ECDSA with SHA-256', 'sha256', der('-sha256')],
    ['ECDSA with SHA-384', 'sha384', der('-sha384')],
    ['ECDSA with SHA-512', 'sha512', der('-sha512')],
    ['RSA with SHA-1, which counts as SHA-256', 'sha256', der('-sha1', RSA)],
    ['RSA with SHA-384', 'sha384', der('-sha384', RSA)],
    ['RSA-PSS with SHA-512', 'sha512', der('-sha512', [...RSA, '-sigopt', 'rsa_padding_mode:pss'])],
  ])('signed by %s uses %s (RFC 5929 §4.1)', (_signed, hash, certificate) => {
    const expected = Buffer.concat([
      Buffer.from('tls-server-end-point:'),
      createHash(hash).update(certificate).digest(),
    ])
    expect(endPointBinding(certificate)).toEqual(expected)
  })

  test('is, for NTLM, the MD5 of a gss_channel_bindings_struct: Microsoft’s published example', () => {
    const hash = Buffer.from('e3ca49271e5089cc48ce82109f1324f41dbeddc29a777410c738f7868c4ff405', 'hex')
    const data = Buffer.concat([Buffer.from('tls-server-end-point:'), hash])
    expect(bindingHash(data).toString('hex')).toBe('6ea19df066da4622051f9c4f92c6df74')
  })
})
