import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describeHostKey } from '@opsconductor/transports'

/**
 * Fingerprint of the public key that belongs to a private one, as `ssh-keygen -l` prints it. Null when the format does
 * not tell.
 *
 * @param privateKey in OpenSSH, PEM or PuTTY format
 */
export const fingerprintOf = (privateKey: string, passphrase: string | undefined): string | null => {
  try {
    return describeHostKey(fromOpenSsh(privateKey) ?? fromPutty(privateKey) ?? fromPem(privateKey, passphrase))
      .fingerprint
  } catch {
    return null // nothing but the display depends on it
  }
}

/** OpenSSH keeps the public key in clear before the private one (PROTOCOL.key), also where that has a passphrase. */
const fromOpenSsh = (text: string): Buffer | undefined => {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1]
  if (body === undefined) return undefined
  const bytes = Buffer.from(body, 'base64')
  let at = Buffer.byteLength('openssh-key-v1\0')
  const next = () => {
    const start = at + 4
    at = start + bytes.readUInt32BE(at)
    return bytes.subarray(start, at)
  }
  next() // cipher
  next() // key derivation
  next() // its options
  at += 4 // how many keys: one
  return next()
}

const fromPutty = (text: string): Buffer | undefined => {
  const [, count, rest] = /^Public-Lines: (\d+)\r?\n([\s\S]*)/m.exec(text) ?? []
  if (count === undefined || rest === undefined) return undefined
  return Buffer.from(rest.split(/\r?\n/, Number(count)).join(''), 'base64')
}

const fromPem = (text: string, passphrase: string | undefined): Buffer => {
  const key = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) })
  const { kty, crv, n, e, x, y } = createPublicKey(key).export({ format: 'jwk' })
  const bytes = (base64url: string | undefined) => Buffer.from(base64url ?? '', 'base64url')
  if (kty === 'RSA') return Buffer.concat([field('ssh-rsa'), field(positive(bytes(e))), field(positive(bytes(n)))])
  if (kty !== 'EC') throw new Error(`a key of type ${kty} has no fingerprint`)
  const curve = `nistp${crv?.slice('P-'.length)}`
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]) // uncompressed, RFC 5656 §3.1
  return Buffer.concat([field(`ecdsa-sha2-${curve}`), field(curve), field(point)])
}

/** A string of RFC 4251 §5: its length, then its bytes. */
const field = (content: string | Buffer): Buffer => {
  const bytes = Buffer.from(content)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** An mpint of RFC 4251 §5: a leading bit would make it negative. */
const positive = (bytes: Buffer): Buffer => ((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
