import { ProtocolError } from '../errors.ts'

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1')

/** Checks the eight bytes every message begins with, and its kind: 1, 2 or 3. MS-NLMP 2.2.1 */
export const isNtlmMessage = (message: Buffer, kind: number): boolean =>
  message.length >= 12 && message.subarray(0, 8).equals(SIGNATURE) && message.readUInt32LE(8) === kind

export const beginMessage = (kind: number, length: number): Buffer => {
  const message = Buffer.alloc(length)
  SIGNATURE.copy(message)
  message.writeUInt32LE(kind, 8)
  return message
}

/** The bytes a field (length, room, offset) at `at` points to. @throws ProtocolError when it points outside */
export const readField = (message: Buffer, at: number): Buffer => {
  if (at + 8 > message.length) throw new ProtocolError('An NTLM message is cut short.')
  const length = message.readUInt16LE(at)
  const offset = message.readUInt32LE(at + 4)
  if (length > 0 && offset + length > message.length) throw new ProtocolError('An NTLM message points outside itself.')
  return message.subarray(offset, offset + length)
}

/** Writes the field that says where `length` bytes at `offset` are. */
export const writeField = (message: Buffer, at: number, offset: number, length: number): void => {
  message.writeUInt16LE(length, at)
  message.writeUInt16LE(length, at + 2)
  message.writeUInt32LE(offset, at + 4)
}

/** VERSION, MS-NLMP 2.2.2.10: Windows 10 and NTLM revision 15. For debugging only, says the document. */
export const VERSION = Buffer.from([10, 0, 0, 0, 0, 0, 0, 15])
