// Message encryption over HTTP, MS-WSMV 2.2.9.1: exactly the bytes Windows sends, read a little more tolerantly.
import type { Protection } from '../auth/authentication.ts'
import { ProtocolError } from '../errors.ts'

const BOUNDARY = 'Encrypted Boundary'

export const sealedContentType = (protocol: string) =>
  `multipart/encrypted;protocol="${protocol}";boundary="${BOUNDARY}"`

/** Seals a SOAP envelope into a multipart body. */
export const sealBody = (protection: Protection, plain: Buffer): Buffer => {
  const { header, sealed } = protection.seal(plain)
  const headerLength = Buffer.alloc(4)
  headerLength.writeUInt32LE(header.length)
  return Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\n` +
        `\tContent-Type: ${protection.protocol}\r\n` +
        `\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=${plain.length}\r\n` +
        `--${BOUNDARY}\r\n` +
        `\tContent-Type: application/octet-stream\r\n`,
      'latin1',
    ),
    headerLength,
    header,
    sealed,
    Buffer.from(`--${BOUNDARY}--\r\n`, 'latin1'),
  ])
}

/** Exchange writes a blank after the dashes; line ends and blanks before a header do not matter. */
const HEAD =
  /^--\s*Encrypted Boundary\r?\n(?:[^\r\n]*\r?\n){0,8}?\s*OriginalContent:[^\r\n]*;\s*Length=(\d{1,9})\s*\r?\n--\s*Encrypted Boundary\r?\n\s*Content-Type:\s*application\/octet-stream\s*?\r?\n/i

/** The longest head that is looked at, in bytes. */
const HEAD_LIMIT = 1_024

/** Opens such a body. The text is cut out by its stated length, for its bytes may look like a boundary. @throws ProtocolError */
export const openBody = (protection: Protection, body: Buffer): Buffer => {
  const head = HEAD.exec(body.toString('latin1', 0, HEAD_LIMIT))
  if (head === null) throw new ProtocolError('The answer should be sealed and is not.')
  const plainLength = Number(head[1])
  const start = head[0].length + 4
  if (body.length < start) throw new ProtocolError('A sealed answer is cut short.')
  const headerLength = body.readUInt32LE(start - 4)
  const end = start + headerLength + plainLength
  if (end > body.length) throw new ProtocolError('A sealed answer is cut short.')
  if (!/^\r?\n?--\s*Encrypted Boundary--/i.test(body.toString('latin1', end, end + 64)))
    throw new ProtocolError('A sealed answer does not end where it says.')
  return protection.unseal(
    { header: body.subarray(start, start + headerLength), sealed: body.subarray(start + headerLength, end) },
    plainLength,
  )
}
