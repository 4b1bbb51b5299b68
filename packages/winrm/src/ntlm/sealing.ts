import { createHash, timingSafeEqual } from 'node:crypto'
import { ProtocolError } from '../errors.ts'
import { createRc4 } from './rc4.ts'
import { hmacMd5 } from './response.ts'

const key = (sessionKey: Uint8Array, purpose: string) =>
  createHash('md5').update(sessionKey).update(`session key to ${purpose} key magic constant\0`, 'latin1').digest()

export type Direction = 'client-to-server' | 'server-to-client'

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}

/** 16 bytes of signature, and the text sealed, as long as the plain one. MS-NLMP 3.4.3 and 3.4.4.2 */
export type Sealed = { readonly signature: Buffer; readonly sealed: Buffer }

/**
 * One direction of a session, with 128-bit keys, key exchange and extended session security. The key stream and the
 * sequence number run on from message to message: each message exactly once, in order.
 */
export const createSealing = (sessionKey: Uint8Array, direction: Direction) => {
  const signingKey = key(sessionKey, `${direction} signing`)
  const stream = createRc4(key(sessionKey, `${direction} sealing`))
  let sequence = 0

  const sign = (plain: Uint8Array): Buffer => {
    const number = uint32(sequence++)
    return Buffer.concat([uint32(1), stream(hmacMd5(signingKey, number, plain).subarray(0, 8)), number])
  }

  return {
    seal(plain: Uint8Array): Sealed {
      const sealed = stream(plain)
      return { sealed, signature: sign(plain) }
    },
    /** @throws ProtocolError when the signature does not fit: altered, or out of order */
    unseal({ signature, sealed }: Sealed): Buffer {
      const plain = stream(sealed)
      const expected = sign(plain)
      if (signature.length !== 16 || !timingSafeEqual(expected, signature))
        throw new ProtocolError('The signature of a sealed message does not fit.')
      return plain
    },
  }
}
