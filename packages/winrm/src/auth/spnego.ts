// RFC 4178 §4.2, as little of it as a client with a single mechanism needs (no mechListMIC is due then, §5).
import { contentOf, objectId, readElement, readElements, Tag, writeElement } from '../der.ts'
import { AuthError, ProtocolError } from '../errors.ts'

const SPNEGO = objectId('1.3.6.1.5.5.2')
const NEG_TOKEN_RESP = 0xa1
const REJECTED = 2

/** Whether a server's token is a NegTokenResp. */
export const isSpnego = (token: Buffer): boolean => token[0] === NEG_TOKEN_RESP

/**
 * The mechanism's own token in a server's NegTokenResp, empty when there is none.
 * @throws AuthError when the server rejects; ProtocolError when it is malformed
 */
export const mechanismToken = (token: Buffer): Buffer => {
  const fields = readElements(contentOf(contentOf(token, NEG_TOKEN_RESP), Tag.sequence))
  const state = fields.find(({ tag }) => tag === 0xa0)
  if (state !== undefined && readElement(state.content).content[0] === REJECTED)
    throw new AuthError('The server rejected the log-in.')
  const response = fields.find(({ tag }) => tag === 0xa2)
  return response === undefined ? Buffer.alloc(0) : contentOf(response.content, Tag.octets)
}

/** The first token: one mechanism, and its token at once. @param mechanism an object identifier as DER */
export const spnegoOffer = (mechanism: Buffer, token: Buffer): Buffer =>
  writeElement(
    0x60,
    SPNEGO,
    writeElement(
      0xa0,
      writeElement(
        Tag.sequence,
        writeElement(0xa0, writeElement(Tag.sequence, mechanism)),
        writeElement(0xa2, writeElement(Tag.octets, token)),
      ),
    ),
  )

/** A further token of the mechanism. */
export const spnegoAnswer = (token: Buffer): Buffer =>
  writeElement(NEG_TOKEN_RESP, writeElement(Tag.sequence, writeElement(0xa2, writeElement(Tag.octets, token))))

/** A server's answer with a mechanism's token; the testing kit speaks it. */
export const spnegoReply = (state: 'incomplete' | 'completed', mechanism: Buffer, token: Buffer): Buffer =>
  writeElement(
    NEG_TOKEN_RESP,
    writeElement(
      Tag.sequence,
      writeElement(0xa0, writeElement(0x0a, Buffer.from([state === 'completed' ? 0 : 1]))),
      writeElement(0xa1, mechanism),
      writeElement(0xa2, writeElement(Tag.octets, token)),
    ),
  )

/** The mechanism's token in a client's first token or a later one. @throws ProtocolError */
export const offeredToken = (token: Buffer): Buffer => {
  if (isSpnego(token)) return mechanismToken(token)
  const { rest } = readElement(contentOf(token, 0x60))
  const fields = readElements(contentOf(contentOf(rest, 0xa0), Tag.sequence))
  const offered = fields.find(({ tag }) => tag === 0xa2)
  if (offered === undefined) throw new ProtocolError('The SPNEGO token holds no token of a mechanism.')
  return contentOf(offered.content, Tag.octets)
}
