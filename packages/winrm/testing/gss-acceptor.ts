import { isSpnego, offeredToken, spnegoReply } from '../src/auth/spnego.ts'
import { objectId } from '../src/der.ts'
import { bindingsOf, CONTINUE_NEEDED, input, taken } from '../src/gssapi/calls.ts'
import { gssapi, type OutBuffer, type Pointer } from '../src/gssapi/library.ts'
import { gssProtection, turnTail } from '../src/gssapi/protection.ts'
import type { Acceptor } from './front.ts'

const KERBEROS = objectId('1.2.840.113554.1.2.2')

/** NTLM's signature stands before the text; nothing is turned. */
const splitSignature = (token: Buffer) => ({ header: token.subarray(0, 16), sealed: token.subarray(16) })

/**
 * The server's half by the system's GSSAPI library: Kerberos with the keytab of KRB5_KTNAME, or NTLM with
 * gss-ntlmssp and the file of NTLM_USER_FILE. Someone else's cryptography, to test ours against.
 * @param endPoint what the client must be bound to, when there is TLS
 */
export const gssAcceptor = (mechanism: 'kerberos' | 'ntlm', endPoint?: Buffer) => (): Acceptor => {
  const context: Pointer[] = [null]
  return async (token) => {
    const library = await gssapi()
    const isWrapped = isSpnego(token) || (mechanism === 'kerberos' && token.includes(objectId('1.3.6.1.5.5.2')))
    const inner = isWrapped ? offeredToken(token) : token
    const answer: OutBuffer = {}
    const minor = [0]
    const bindings = bindingsOf(endPoint)
    const status = library.acceptContext(
      minor,
      context,
      null,
      input(inner),
      bindings,
      null,
      null,
      answer,
      [0],
      null,
      null,
    )
    const ours = taken(library, answer)
    if (status >>> 0 >= 0x0001_0000)
      return { state: 'refused', because: `gss_accept_sec_context: ${status} ${minor[0]}` }
    const isDone = status !== CONTINUE_NEEDED
    const reply = isWrapped ? spnegoReply(isDone ? 'completed' : 'incomplete', KERBEROS, ours) : ours
    if (!isDone) return { state: 'challenge', token: reply }
    const split = mechanism === 'kerberos' ? turnTail : splitSignature
    return {
      state: 'accepted',
      user: 'known to GSSAPI',
      token: reply.length === 0 ? undefined : reply,
      protection: gssProtection(library, context[0]!, 'application/HTTP-SPNEGO-session-encrypted', split),
    }
  }
}
