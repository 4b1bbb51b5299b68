import { randomBytes } from 'node:crypto'
import { isSpnego, offeredToken, spnegoReply } from '../src/auth/spnego.ts'
import { ntlmProtection } from '../src/auth/ntlm.ts'
import type { Protection } from '../src/auth/authentication.ts'
import { objectId } from '../src/der.ts'
import { Av, AV_FLAG_MIC, findAv, readAvPairs, writeAvPairs } from '../src/ntlm/av-pairs.ts'
import { Flag, hasFlag, OFFERED_FLAGS } from '../src/ntlm/flags.ts'
import { beginMessage, isNtlmMessage, readField, writeField } from '../src/ntlm/message.ts'
import { createRc4 } from '../src/ntlm/rc4.ts'
import { hmacMd5, ntHash, responseKey } from '../src/ntlm/response.ts'

const NTLM = objectId('1.3.6.1.4.1.311.2.2.10')

export type NtlmRules = {
  /** The password of an account, by its name without a domain; undefined when there is no such account. */
  readonly passwordOf: (user: string) => string | undefined
  readonly computerName: string
  /** What the client must bind itself to, when there is TLS and the server is strict (CbtHardeningLevel). */
  readonly channelBinding: Buffer | undefined
}

export type NtlmStep =
  | { readonly state: 'challenge'; readonly token: Buffer }
  | {
      readonly state: 'accepted'
      readonly token: Buffer | undefined
      readonly user: string
      readonly protection: Protection
    }
  | { readonly state: 'refused'; readonly because: string }

const challengeMessage = (flags: number, serverChallenge: Buffer, computerName: string): Buffer => {
  const name = Buffer.from(computerName, 'utf16le')
  const time = Buffer.alloc(8)
  time.writeBigUInt64LE((BigInt(Date.now()) + 11_644_473_600_000n) * 10_000n)
  const info = writeAvPairs([
    { id: Av.domainName, value: name },
    { id: Av.computerName, value: name },
    { id: Av.dnsDomainName, value: name },
    { id: Av.dnsComputerName, value: name },
    { id: Av.timestamp, value: time },
  ])
  const header = beginMessage(2, 56)
  writeField(header, 12, 56, name.length)
  header.writeUInt32LE(flags, 20)
  serverChallenge.copy(header, 24)
  writeField(header, 40, 56 + name.length, info.length)
  return Buffer.concat([header, name, info])
}

/** The server's half of NTLMv2 on one connection: MIC and channel binding are enforced, as Windows can. */
export const createNtlmAcceptor = ({ passwordOf, computerName, channelBinding }: NtlmRules) => {
  let negotiate: Buffer | undefined
  let challenge: Buffer = Buffer.alloc(0)
  const serverChallenge = randomBytes(8)

  const accept = (message: Buffer): NtlmStep | { user: string; sessionKey: Buffer } => {
    // older clients speak the "OEM" character set: ASCII, as far as they are tested
    const encoding = hasFlag(message.readUInt32LE(60), Flag.unicode) ? 'utf16le' : 'latin1'
    const user = readField(message, 36).toString(encoding)
    const domain = readField(message, 28).toString(encoding)
    const password = passwordOf(user.replace(/@.*$/, ''))
    if (password === undefined) return { state: 'refused', because: `no account ${user}` }
    const response = readField(message, 20)
    const key = responseKey(ntHash(password), { user, domain })
    const proof = hmacMd5(key, serverChallenge, response.subarray(16))
    if (!proof.equals(response.subarray(0, 16))) return { state: 'refused', because: 'wrong password' }

    const sessionKey = createRc4(hmacMd5(key, proof))(readField(message, 52))
    const target = readAvPairs(response.subarray(44))
    if (((findAv(target, Av.flags)?.readUInt32LE() ?? 0) & AV_FLAG_MIC) !== 0) {
      const withoutMic = Buffer.from(message)
      withoutMic.fill(0, 72, 88)
      const mic = hmacMd5(sessionKey, negotiate!, challenge, withoutMic)
      if (!mic.equals(message.subarray(72, 88))) return { state: 'refused', because: 'the MIC does not fit' }
    }
    const bound = findAv(target, Av.channelBindings)
    if (channelBinding !== undefined && bound?.equals(channelBinding) !== true)
      return { state: 'refused', because: 'not bound to this TLS channel' }
    return { user, sessionKey }
  }

  return (token: Buffer): NtlmStep => {
    const isWrapped = isSpnego(token) || token[0] === 0x60
    const message = isWrapped ? offeredToken(token) : token
    if (isNtlmMessage(message, 1)) {
      negotiate = message
      // never more than the client offers: an old one that cannot seal is to find out
      const flags = (message.readUInt32LE(12) & OFFERED_FLAGS) | Flag.targetInfo | Flag.requestTarget
      challenge = challengeMessage(flags >>> 0, serverChallenge, computerName)
      return { state: 'challenge', token: isWrapped ? spnegoReply('incomplete', NTLM, challenge) : challenge }
    }
    if (!isNtlmMessage(message, 3) || negotiate === undefined) return { state: 'refused', because: 'out of turn' }
    const accepted = accept(message)
    if ('state' in accepted) return accepted
    return {
      state: 'accepted',
      user: accepted.user,
      token: isWrapped ? spnegoReply('completed', NTLM, Buffer.alloc(0)) : undefined,
      protection: ntlmProtection(accepted.sessionKey, 'server'),
    }
  }
}
