import type { HostKey } from '../ssh/host-key.ts'

/** A server's certificate as what is pinned. @param sha256 64 hexadecimal digits, as the client tells them */
export const describeTlsCertificate = (sha256: string): HostKey => ({
  algorithm: 'x509',
  key: sha256,
  fingerprint: `SHA256:${sha256}`,
})

/** No certificate has this one: asked for it, the client refuses whatever is shown, and says what that was. */
export const noFingerprint = '0'.repeat(64)
