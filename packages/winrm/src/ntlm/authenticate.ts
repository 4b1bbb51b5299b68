import { randomBytes } from 'node:crypto'
import { readAccount } from './account.ts'
import { Av, AV_FLAG_MIC, findAv, type AvPair } from './av-pairs.ts'
import type { Challenge } from './challenge.ts'
import { OFFERED_FLAGS } from './flags.ts'
import { beginMessage, VERSION, writeField } from './message.ts'
import { createRc4 } from './rc4.ts'
import { hmacMd5, proveLmV2, proveNtlmV2, responseKey } from './response.ts'

/** NEGOTIATE_MESSAGE, MS-NLMP 2.2.1.1: 40 bytes, always the same. */
export const negotiateMessage = (): Buffer => {
  const message = beginMessage(1, 40)
  message.writeUInt32LE(OFFERED_FLAGS, 12)
  VERSION.copy(message, 32)
  return message
}

export type Identity = {
  /** `DOM\user`, `.\user`, `user@dom` or `user`. */
  readonly username: string
  /** 16 bytes, see `ntHash`. */
  readonly hash: Uint8Array
  /** For example `HTTP/server.example.com`. */
  readonly servicePrincipalName?: string | undefined
  /** 16 bytes, see `channelBindingHash`; only over TLS. */
  readonly channelBinding?: Uint8Array | undefined
}

/** What chance and the clock decide; given in tests only. */
export type Chance = { readonly clientChallenge: Buffer; readonly sessionKey: Buffer; readonly workstation: string }

const chance = (): Chance => ({ clientChallenge: randomBytes(8), sessionKey: randomBytes(16), workstation: '' })

/** Now as a FILETIME: 100 ns since 1601. */
const fileTime = () => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE((BigInt(Date.now()) + 11_644_473_600_000n) * 10_000n)
  return bytes
}

/** What the client says about the target: the server's own words, and what binds the answer to this service. */
const targetOf = (challenge: Challenge, identity: Identity): AvPair[] => {
  const kept = challenge.target.filter(({ id }) => id !== Av.flags && id !== Av.targetName && id !== Av.channelBindings)
  if (challenge.timestamp !== undefined) {
    const flags = Buffer.alloc(4)
    flags.writeUInt32LE(((findAv(challenge.target, Av.flags)?.readUInt8(0) ?? 0) | AV_FLAG_MIC) >>> 0)
    kept.push({ id: Av.flags, value: flags })
  }
  if (identity.channelBinding !== undefined)
    kept.push({ id: Av.channelBindings, value: Buffer.from(identity.channelBinding) })
  if (identity.servicePrincipalName !== undefined)
    kept.push({ id: Av.targetName, value: Buffer.from(identity.servicePrincipalName, 'utf16le') })
  return kept
}

const HEADER_LENGTH = 88
const MIC_AT = 72

/** AUTHENTICATE_MESSAGE, MS-NLMP 2.2.1.3, with NTLMv2 and a MIC; and the key both sides now share. */
export const authenticateMessage = (
  negotiate: Buffer,
  challenge: Challenge,
  identity: Identity,
  { clientChallenge, sessionKey, workstation } = chance(),
): { readonly message: Buffer; readonly sessionKey: Buffer } => {
  const account = readAccount(identity.username, challenge.computerName)
  const key = responseKey(identity.hash, account)
  const proof = proveNtlmV2(
    key,
    challenge.serverChallenge,
    clientChallenge,
    challenge.timestamp ?? fileTime(),
    targetOf(challenge, identity),
  )
  const lm =
    challenge.timestamp === undefined ? proveLmV2(key, challenge.serverChallenge, clientChallenge) : Buffer.alloc(24) // with a timestamp LMv2 is not sent: MS-NLMP 3.1.5.1.2

  const payload: [at: number, value: Buffer][] = [
    [28, Buffer.from(account.domain, 'utf16le')],
    [36, Buffer.from(account.user, 'utf16le')],
    [44, Buffer.from(workstation, 'utf16le')],
    [12, lm],
    [20, proof.response],
    [52, createRc4(proof.sessionBaseKey)(sessionKey)],
  ]
  const header = beginMessage(3, HEADER_LENGTH)
  let offset = HEADER_LENGTH
  for (const [at, value] of payload) {
    writeField(header, at, offset, value.length)
    offset += value.length
  }
  header.writeUInt32LE((challenge.flags & OFFERED_FLAGS) >>> 0, 60)
  VERSION.copy(header, 64)

  const message = Buffer.concat([header, ...payload.map(([, value]) => value)])
  if (challenge.timestamp !== undefined)
    hmacMd5(sessionKey, negotiate, challenge.message, message).copy(message, MIC_AT)
  return { message, sessionKey }
}
