import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import type { ParsedKey } from 'ssh2'
import { certificateBlob } from '../ssh/certificate.ts'
import type { AgentKey } from './key-agent.ts'
import { text } from './packets.ts'

// draft-ietf-sshm-ssh-agent, section 5.3
const RSA_SHA2_256 = 2
const RSA_SHA2_512 = 4

const curveHash: Record<string, string> = {
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
}

/** An integer without needless zeros, and positive (RFC 4251 §5, mpint). */
const integer = (bytes: Buffer): Buffer => {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const value = bytes.subarray(start)
  return text((value[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), value]) : value)
}

const signature = (kind: string, key: KeyObject, data: Buffer, flags: number): Buffer => {
  if (kind === 'ssh-rsa') {
    const bits = (flags & RSA_SHA2_512) !== 0 ? 512 : 256
    // a request without a flag means SHA-1, which we do not make
    if ((flags & (RSA_SHA2_256 | RSA_SHA2_512)) === 0) throw new Error('an RSA signature with SHA-1 was asked for')
    return Buffer.concat([text(`rsa-sha2-${bits}`), text(sign(`sha${bits}`, data, key))])
  }
  const hash = curveHash[kind]
  if (hash === undefined) return Buffer.concat([text(kind), text(sign(null, data, key))])
  const both = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' })
  const half = both.length / 2
  // RFC 5656 §3.1.2
  return Buffer.concat([
    text(kind),
    text(Buffer.concat([integer(both.subarray(0, half)), integer(both.subarray(half))])),
  ])
}

/** A private key, and the certificate for it if there is one, as our agent offers them. */
export const agentKeys = (parsed: ParsedKey, certificate: string | undefined): AgentKey[] => {
  const key = createPrivateKey(parsed.getPrivatePEM())
  const signing = (data: Buffer, flags: number): Buffer => signature(parsed.type, key, data, flags)
  const plain = { blob: parsed.getPublicSSH(), sign: signing }
  return certificate === undefined ? [plain] : [{ blob: certificateBlob(certificate), sign: signing }, plain]
}
