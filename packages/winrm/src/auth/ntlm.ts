import { bindingHash } from '../connection/channel-binding.ts'
import { ProtocolError } from '../errors.ts'
import { authenticateMessage, negotiateMessage } from '../ntlm/authenticate.ts'
import { readChallenge, requireSealing } from '../ntlm/challenge.ts'
import { createSealing } from '../ntlm/sealing.ts'
import type { Authentication, Handshake, Protection } from './authentication.ts'
import { isSpnego, mechanismToken, spnegoAnswer } from './spnego.ts'

/** The 128-bit session of NTLM as message encryption: the header is the signature. */
export const ntlmProtection = (sessionKey: Uint8Array, side: 'client' | 'server'): Protection => {
  const toServer = createSealing(sessionKey, 'client-to-server')
  const toClient = createSealing(sessionKey, 'server-to-client')
  const [outgoing, incoming] = side === 'client' ? [toServer, toClient] : [toClient, toServer]
  return {
    protocol: 'application/HTTP-SPNEGO-session-encrypted',
    seal(plain) {
      const { signature, sealed } = outgoing.seal(plain)
      return { header: signature, sealed }
    },
    unseal({ header, sealed }, plainLength) {
      if (sealed.length !== plainLength) throw new ProtocolError('A sealed message is not as long as it says.')
      return incoming.unseal({ signature: header, sealed })
    },
  }
}

export type NtlmAccount = {
  /** `DOM\user`, `.\user`, `user@dom` or `user`. */
  readonly username: string
  /** 16 bytes, see `ntHash`. */
  readonly hash: Buffer
  /** Default `HTTP/<host>`. */
  readonly servicePrincipalName?: string | undefined
}

/** NTLMv2, raw in `Negotiate`, as Windows accepts it. A server that answers in SPNEGO is answered in SPNEGO. */
export const ntlm = ({ username, hash, servicePrincipalName }: NtlmAccount): Authentication => ({
  kind: 'handshake',
  name: 'NTLM',
  forget: () => void hash.fill(0),
  begin: async ({ host, endPointBinding }): Promise<Handshake> => {
    const negotiate = negotiateMessage()
    let sessionKey: Buffer | undefined
    let hasBegun = false
    return {
      scheme: 'Negotiate',
      next: async (token) => {
        if (!hasBegun) {
          hasBegun = true
          return negotiate
        }
        if (sessionKey !== undefined) return undefined
        if (token === undefined) throw new ProtocolError('The server sent no NTLM challenge.')
        const isWrapped = isSpnego(token)
        const challenge = readChallenge(isWrapped ? mechanismToken(token) : token)
        requireSealing(challenge)
        const answer = authenticateMessage(negotiate, challenge, {
          username,
          hash,
          channelBinding: endPointBinding === undefined ? undefined : bindingHash(endPointBinding),
          servicePrincipalName: servicePrincipalName ?? `HTTP/${host}`,
        })
        sessionKey = answer.sessionKey
        return isWrapped ? spnegoAnswer(answer.message) : answer.message
      },
      finish() {
        if (sessionKey === undefined) throw new ProtocolError('The server agreed before it sent an NTLM challenge.')
        return ntlmProtection(sessionKey, 'client')
      },
      dispose() {},
    }
  },
})
