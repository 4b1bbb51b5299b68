import { createHmac } from 'node:crypto'
import { upperCase, type Account } from './account.ts'
import { writeAvPairs, type AvPair } from './av-pairs.ts'
import { md4 } from './md4.ts'

export const hmacMd5 = (key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer => {
  const hmac = createHmac('md5', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** NTOWFv1, MS-NLMP 3.3.1: the NT hash of a password. Whoever has it can log in as if with the password. */
export const ntHash = (password: string): Buffer => md4(Buffer.from(password, 'utf16le'))

/** NTOWFv2, MS-NLMP 3.3.2. */
export const responseKey = (hash: Uint8Array, { user, domain }: Account): Buffer =>
  hmacMd5(hash, Buffer.from(upperCase(user) + domain, 'utf16le'))

export type Proof = {
  /** The NtChallengeResponse: NTProofStr and what it proves. */
  readonly response: Buffer
  readonly sessionBaseKey: Buffer
}

/**
 * The NTLMv2 answer to a challenge, MS-NLMP 3.3.2.
 * @param timestamp 8 bytes, a Windows FILETIME
 */
export const proveNtlmV2 = (
  key: Uint8Array,
  serverChallenge: Uint8Array,
  clientChallenge: Uint8Array,
  timestamp: Uint8Array,
  target: readonly AvPair[],
): Proof => {
  const statement = Buffer.concat([
    Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]),
    timestamp,
    clientChallenge,
    Buffer.alloc(4),
    writeAvPairs(target),
    Buffer.alloc(4),
  ])
  const proof = hmacMd5(key, serverChallenge, statement)
  return { response: Buffer.concat([proof, statement]), sessionBaseKey: hmacMd5(key, proof) }
}

/** LMv2, for servers too old to give a timestamp. */
export const proveLmV2 = (key: Uint8Array, serverChallenge: Uint8Array, clientChallenge: Uint8Array): Buffer =>
  Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge])
