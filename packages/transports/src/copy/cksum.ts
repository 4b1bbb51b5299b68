// The polynomial of POSIX cksum(1), highest bit first.
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24
  for (let bit = 0; bit < 8; bit++) value = value & 0x8000_0000 ? (value << 1) ^ 0x04c1_1db7 : value << 1
  return value >>> 0
})

/** The checksum of POSIX cksum(1), for targets that have nothing better: it finds accidents, not intent. */
export const createCksum = (): { update: (bytes: Uint8Array) => void; digest: () => string } => {
  let crc = 0
  let sizeBytes = 0
  const step = (byte: number): void => {
    crc = ((crc << 8) ^ (table[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0
  }
  return {
    update(bytes) {
      sizeBytes += bytes.length
      for (const byte of bytes) step(byte)
    },
    digest() {
      const size = sizeBytes
      for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) step(rest % 256)
      return `${~crc >>> 0} ${size}`
    },
  }
}
