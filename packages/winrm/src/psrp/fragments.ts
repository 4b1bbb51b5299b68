// MS-PSRP 2.2.4: messages travel in fragments, each with 21 bytes before it.
import { ProtocolError } from '../errors.ts'

const HEAD_BYTES = 21
const START = 1
const END = 2

/** No message of a server is longer than this; one that says so is not believed. */
const LONGEST_MESSAGE = 67_108_864

/** Cuts messages into fragments; one of these per client of a runspace pool, for it numbers them. */
export const createFragmenter = () => {
  let objectId = 0n
  /** @param sizeBytes of a fragment, its head included */
  return (message: Buffer, sizeBytes: number): Buffer[] => {
    const room = sizeBytes - HEAD_BYTES
    const fragments: Buffer[] = []
    objectId++
    for (let at = 0; at < message.length || at === 0; at += room) {
      const blob = message.subarray(at, at + room)
      const head = Buffer.alloc(HEAD_BYTES)
      head.writeBigUInt64BE(objectId, 0)
      head.writeBigUInt64BE(BigInt(fragments.length), 8)
      head.writeUInt8((at === 0 ? START : 0) | (at + room >= message.length ? END : 0), 16)
      head.writeUInt32BE(blob.length, 17)
      fragments.push(Buffer.concat([head, blob]))
    }
    return fragments
  }
}

/** Puts fragments of one stream together again. @throws ProtocolError when they are out of order, cut short or too long */
export const createDefragmenter = () => {
  let objectId: bigint | undefined
  let next = 0n
  let parts: Buffer[] = []
  let length = 0

  const take = (fragment: Buffer, blob: Buffer): Buffer | undefined => {
    const flags = fragment.readUInt8(16)
    const isStart = (flags & START) !== 0
    if (isStart !== (objectId === undefined)) throw new ProtocolError('A fragment of PowerShell’s is out of order.')
    if (isStart) {
      objectId = fragment.readBigUInt64BE(0)
      next = 0n
      parts = []
      length = 0
    }
    if (fragment.readBigUInt64BE(0) !== objectId || fragment.readBigUInt64BE(8) !== next++)
      throw new ProtocolError('A fragment of PowerShell’s is out of order.')
    length += blob.length
    if (length > LONGEST_MESSAGE) throw new ProtocolError('A message of PowerShell’s is too long.')
    parts.push(blob)
    if ((flags & END) === 0) return undefined
    objectId = undefined
    return Buffer.concat(parts, length)
  }

  return (data: Buffer): Buffer[] => {
    const messages: Buffer[] = []
    for (let at = 0; at < data.length;) {
      if (at + HEAD_BYTES > data.length) throw new ProtocolError('A fragment of PowerShell’s is cut short.')
      const end = at + HEAD_BYTES + data.readUInt32BE(at + 17)
      if (end > data.length) throw new ProtocolError('A fragment of PowerShell’s is cut short.')
      const message = take(data.subarray(at), data.subarray(at + HEAD_BYTES, end))
      if (message !== undefined) messages.push(message)
      at = end
    }
    return messages
  }
}
