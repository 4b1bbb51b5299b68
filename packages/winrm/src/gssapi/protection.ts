import type { Protection } from '../auth/authentication.ts'
import { AuthError, ProtocolError } from '../errors.ts'
import { input, taken } from './calls.ts'
import type { Library, OutBuffer, Pointer } from './library.ts'

/** RFC 4121 §4.2.6.2: the head of a token, and the confounder AES needs before the text. */
const HEAD_BYTES = 16
const CONFOUNDER_BYTES = 16

/**
 * Windows wants the text apart from what is around it: so the tail of the token (a copy of its head, and the checksum)
 * is turned around to its front, and RRC says by how much. RFC 4121 §4.2.5; the layout is that of DCE's gss_wrap_iov.
 */
export const turnTail = (token: Buffer, plainLength: number): { header: Buffer; sealed: Buffer } => {
  const isNewLayout = token.length > HEAD_BYTES && token[0] === 5 && token[1] === 4
  // 2-byte EC and RRC at 4 and 6: what MIT writes has neither
  if (!isNewLayout || token.readUInt32BE(4) !== 0)
    throw new AuthError('The Kerberos ticket is not for AES; older encryption (RC4, DES) is not supported.')
  const tail = token.length - HEAD_BYTES - CONFOUNDER_BYTES - plainLength
  const head = Buffer.from(token.subarray(0, HEAD_BYTES))
  head.writeUInt16BE(tail, 6)
  const turned = Buffer.concat([
    head,
    token.subarray(token.length - tail),
    token.subarray(HEAD_BYTES, token.length - tail),
  ])
  const headerLength = HEAD_BYTES + tail + CONFOUNDER_BYTES
  return { header: turned.subarray(0, headerLength), sealed: turned.subarray(headerLength) }
}

/** A GSSAPI context as message encryption. @param split how a wrapped message falls into header and text */
export const gssProtection = (
  library: Library,
  context: Pointer,
  protocol: string,
  split: (token: Buffer, plainLength: number) => { header: Buffer; sealed: Buffer } = turnTail,
): Protection => ({
  protocol,
  seal(plain) {
    const token: OutBuffer = {}
    const isSealed = [0]
    const status = library.wrap([0], context, 1, 0, input(plain), isSealed, token)
    if (status !== 0 || isSealed[0] !== 1) throw new ProtocolError(`gss_wrap did not seal a message (${status}).`)
    return split(taken(library, token), plain.length)
  },
  unseal({ header, sealed }, plainLength) {
    const plain: OutBuffer = {}
    const isSealed = [0]
    const status = library.unwrap([0], context, input(Buffer.concat([header, sealed])), plain, isSealed, null)
    // also RFC 2744's "duplicate", "old" and "gap": each message comes once and in order
    if (status !== 0) throw new ProtocolError(`A sealed message cannot be opened (gss_unwrap: ${status}).`)
    const text = taken(library, plain)
    if (isSealed[0] !== 1) throw new ProtocolError('A message that should be sealed is only signed.')
    if (text.length !== plainLength) throw new ProtocolError('A sealed message is not as long as it says.')
    return text
  },
})
