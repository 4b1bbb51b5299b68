import { createHash } from 'node:crypto'
import { contentOf, objectId, readElement, readElements, Tag } from '../der.ts'

const SHA_384 = ['1.2.840.113549.1.1.12', '1.2.840.10045.4.3.3', '2.16.840.1.101.3.4.2.2']
const SHA_512 = ['1.2.840.113549.1.1.13', '1.2.840.10045.4.3.4', '2.16.840.1.101.3.4.2.3']
const RSA_PSS = objectId('1.2.840.113549.1.1.10')

/** The hash the certificate is signed with; MD5, SHA-1 and the unknown become SHA-256. RFC 5929 §4.1 */
const signatureHash = (certificate: Buffer): 'sha256' | 'sha384' | 'sha512' => {
  const [, algorithm] = readElements(contentOf(certificate, Tag.sequence))
  if (algorithm === undefined) return 'sha256'
  const first = readElement(algorithm.content)
  const written = algorithm.content.subarray(0, algorithm.content.length - first.rest.length)
  // RSASSA-PSS names its hash in the parameters, for everything else the algorithm itself says it
  const where = written.equals(RSA_PSS) ? first.rest : written
  const names = (ids: readonly string[]) => ids.some((id) => where.includes(objectId(id)))
  if (names(SHA_384)) return 'sha384'
  return names(SHA_512) ? 'sha512' : 'sha256'
}

/** The application data of `tls-server-end-point`, RFC 5929 §4. @param certificate the server's, as DER */
export const endPointBinding = (certificate: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('tls-server-end-point:', 'latin1'),
    createHash(signatureHash(certificate)).update(certificate).digest(),
  ])

/**
 * MD5 of gss_channel_bindings_struct with empty addresses, as NTLM's MsvAvChannelBindings has it. MS-NLMP 2.2.2.1
 * @returns 16 bytes
 */
export const channelBindingHash = (certificate: Buffer): Buffer => bindingHash(endPointBinding(certificate))

/** The same of application data one has already. */
export const bindingHash = (data: Buffer): Buffer => {
  const head = Buffer.alloc(20)
  head.writeUInt32LE(data.length, 16)
  return createHash('md5').update(head).update(data).digest()
}
