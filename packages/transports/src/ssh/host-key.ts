import { createHash } from 'node:crypto'

export type HostKey = {
  /** The kind of key, e.g. `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256` (RFC 4253 §6.6). */
  algorithm: string
  /** The public key blob in base64, as in the second column of a `.pub` file. */
  key: string
  /** `SHA256:` and base64 without padding, as `ssh-keygen -l` prints it. */
  fingerprint: string
}

/** Throws a RangeError when `blob` is no public key blob. */
export const describeHostKey = (blob: Buffer): HostKey => ({
  algorithm: blob.toString('latin1', 4, 4 + blob.readUInt32BE(0)),
  key: blob.toString('base64'),
  fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
})

export type HostKeyAlgorithm =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'rsa-sha2-512'
  | 'rsa-sha2-256'

// One kind of RSA key, two ways to sign with it (RFC 8332). SHA-1 (`ssh-rsa` as a signature) is not offered.
const signaturesOf: Record<string, HostKeyAlgorithm[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/**
 * What to ask a server for. Only the kinds already known of it, when there are any: asked for all, it may show a key of
 * another kind than the pinned one, and that would look like a changed key.
 */
export const offeredAlgorithms = (knownKinds: readonly string[] = []): HostKeyAlgorithm[] => {
  const known = knownKinds.flatMap((kind) => signaturesOf[kind] ?? [])
  return known.length > 0 ? known : Object.values(signaturesOf).flat()
}
