import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** A master key and its version. The first of several is used to seal; all of them open. */
export type MasterKey = { readonly version: number; readonly key: Buffer }

/**
 * Seals secrets in envelopes: AES-256-GCM with a data key of its own, which is wrapped by the master key, also with
 * AES-256-GCM. What a secret belongs to (`credential:<uuid>`) is associated data of both: an envelope that is moved to
 * another row does not open.
 */
export type Vault = {
  keyVersion: number
  seal: (secret: Uint8Array, belongsTo: string) => Buffer
  /** @throws VaultError when the envelope was changed, moved, or sealed by a master key that is not here */
  open: (envelope: Uint8Array, belongsTo: string) => Buffer
  /** A key for another purpose, such as signing access tokens, that says nothing about the master key (RFC 5869). */
  derive: (purpose: string) => Buffer
}

// layout: format (1) · key version (4) · wrapped data key (12 iv + 32 + 16 tag) · secret (12 iv + n + 16 tag)
const format = 1
const headerLength = 5
const ivLength = 12
const tagLength = 16
const keyLength = 32
const wrappedLength = ivLength + keyLength + tagLength

/** A secret that does not open, for a reason that trying again does not change. */
export class VaultError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'VaultError'
  }
}

export const createVault = (masterKeys: readonly MasterKey[]): Vault => {
  const [current] = masterKeys
  if (current === undefined) throw new Error('The vault needs a master key.')

  return {
    keyVersion: current.version,
    seal: (secret, belongsTo) => {
      const header = Buffer.alloc(headerLength)
      header.writeUInt8(format, 0)
      header.writeUInt32BE(current.version, 1)
      const associated = Buffer.concat([header, Buffer.from(belongsTo)])
      const dataKey = randomBytes(keyLength)
      const envelope = Buffer.concat([
        header,
        encrypt(current.key, dataKey, associated),
        encrypt(dataKey, secret, associated),
      ])
      dataKey.fill(0)
      return envelope
    },
    open: (envelope, belongsTo) => {
      const bytes = Buffer.from(envelope)
      const header = bytes.subarray(0, headerLength)
      if (bytes.length < headerLength + wrappedLength + ivLength + tagLength || header.readUInt8(0) !== format) {
        throw new VaultError('This is not a sealed secret.')
      }
      const version = header.readUInt32BE(1)
      const master = masterKeys.find((key) => key.version === version)
      if (master === undefined)
        throw new VaultError(`This secret was sealed with master key ${version}, which is not configured.`)
      const associated = Buffer.concat([header, Buffer.from(belongsTo)])
      const dataKey = decrypt(master.key, bytes.subarray(headerLength, headerLength + wrappedLength), associated)
      const secret = decrypt(dataKey, bytes.subarray(headerLength + wrappedLength), associated)
      dataKey.fill(0)
      return secret
    },
    derive: (purpose) => Buffer.from(hkdfSync('sha256', current.key, '', `opsconductor ${purpose}`, keyLength)),
  }
}

const encrypt = (key: Buffer, clear: Uint8Array, associated: Buffer): Buffer => {
  const iv = randomBytes(ivLength)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(associated)
  return Buffer.concat([iv, cipher.update(clear), cipher.final(), cipher.getAuthTag()])
}

const decrypt = (key: Buffer, sealed: Buffer, associated: Buffer): Buffer => {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivLength))
    .setAAD(associated)
    .setAuthTag(sealed.subarray(-tagLength))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(ivLength, -tagLength)), decipher.final()])
  } catch (error) {
    throw new VaultError('This secret does not open: unable to authenticate it where it is kept.', error)
  }
}
