import { TransportError } from '../fault.ts'
import { readPacket, text } from '../openssh/packets.ts'
import { describeHostKey } from './host-key.ts'

/** What a certificate of a CA says (OpenSSH's PROTOCOL.certkeys). */
export type CertificateDescription = {
  /** Of the key that it is for, as `ssh-keygen -l` prints it. */
  fingerprint: string
  isForUsers: boolean
  /** What the CA calls it. */
  keyId: string
  /** The accounts it logs in to. */
  principals: string[]
  /** `undefined` when it holds for ever. */
  validUntil: Date | undefined
}

/** How many parts the public key has between the nonce and the serial. */
const keyParts: Record<string, number> = {
  'ssh-rsa': 2,
  'ssh-ed25519': 1,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
}

const USER = 1
const FOR_EVER = 0xffff_ffff

/** The bytes of a line `ssh-…-cert-v01@openssh.com AAAA…`. @throws TransportError `denied` when it is none */
export const certificateBlob = (certificate: string): Buffer => {
  const [kind = '', blob = ''] = certificate.trim().split(/\s+/)
  if (kind.endsWith('-cert-v01@openssh.com') && blob !== '') return Buffer.from(blob, 'base64')
  throw unreadable()
}

/** @throws TransportError `denied` when it cannot be read */
export const describeCertificate = (certificate: string): CertificateDescription => {
  const blob = certificateBlob(certificate)
  try {
    const reader = readPacket(blob)
    const kind = reader
      .text()
      .toString()
      .replace(/-cert-v01@openssh\.com$/, '')
    const base = kind.startsWith('sk-') ? `${kind}@openssh.com` : kind
    reader.text() // the nonce
    const count = keyParts[base]
    if (count === undefined) throw unreadable()
    const parts = Array.from({ length: count }, () => text(reader.text()))
    reader.uint32() // the serial, in two halves
    reader.uint32()
    const isForUsers = reader.uint32() === USER
    const keyId = reader.text().toString()
    const principals = listIn(reader.text())
    reader.uint32() // since when, in two halves
    reader.uint32()
    const [high, low] = [reader.uint32(), reader.uint32()]
    return {
      fingerprint: describeHostKey(Buffer.concat([text(base), ...parts])).fingerprint,
      isForUsers,
      keyId,
      principals,
      validUntil: high === FOR_EVER && low === FOR_EVER ? undefined : new Date((high * 2 ** 32 + low) * 1000),
    }
  } catch (cause) {
    if (cause instanceof TransportError) throw cause
    throw unreadable(cause)
  }
}

const listIn = (packed: Buffer): string[] => {
  const reader = readPacket(packed)
  const items: string[] = []
  for (let left = packed.length; left > 0;) {
    const item = reader.text()
    items.push(item.toString())
    left -= item.length + 4
  }
  return items
}

const unreadable = (cause?: unknown): TransportError =>
  new TransportError(
    'denied',
    'authentication',
    'The certificate cannot be read. Paste the whole line of the file whose name ends with -cert.pub.',
    { started: false },
    cause,
  )
