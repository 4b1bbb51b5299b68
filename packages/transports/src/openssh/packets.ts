/** Bytes of the SSH protocols as RFC 4251 §5 lays them out. */
export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A string with its length before it. */
export const text = (value: string | Buffer): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([uint32(bytes.length), bytes])
}

/** Takes one value after another. Throws a RangeError when there is less than was announced. */
export type PacketReader = {
  byte: () => number
  uint32: () => number
  text: () => Buffer
}

export const readPacket = (packet: Buffer): PacketReader => {
  let at = 0
  const number = (): number => {
    const value = packet.readUInt32BE(at)
    at += 4
    return value
  }
  return {
    byte: () => packet.readUInt8(at++),
    uint32: number,
    text: () => {
      const length = number()
      if (at + length > packet.length) throw new RangeError('a packet is shorter than it says')
      const value = packet.subarray(at, at + length)
      at += length
      return value
    },
  }
}

// no packet of any of these protocols is longer (OpenSSH's own limit for its control socket)
const LONGEST = 256 * 1024

/**
 * Cuts a stream into its packets, each with its length before it. Throws when one is too long to be meant.
 */
export const createPacketCutter = (onPacket: (packet: Buffer) => void): ((bytes: Buffer) => void) => {
  let held: Buffer[] = []
  let heldBytes = 0
  let wanted = 4
  return (bytes) => {
    held.push(bytes)
    heldBytes += bytes.length
    while (heldBytes >= wanted) {
      const whole = held.length === 1 ? (held[0] ?? bytes) : Buffer.concat(held)
      let at = 0
      while (whole.length - at >= 4) {
        const length = whole.readUInt32BE(at)
        if (length > LONGEST) throw new RangeError(`a packet of ${length} bytes`)
        if (whole.length - at < 4 + length) break
        const packet = whole.subarray(at + 4, at + 4 + length)
        at += 4 + length
        onPacket(packet)
      }
      const rest = whole.subarray(at)
      held = rest.length > 0 ? [rest] : []
      heldBytes = rest.length
      wanted = rest.length >= 4 ? 4 + rest.readUInt32BE(0) : 4
    }
  }
}
