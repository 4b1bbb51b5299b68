// OpenSSL 3 refuses MD4, and NTLM cannot do without it.
const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by))

const ROUND_2 = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]
const ROUND_3 = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]
const SHIFTS = [
  [3, 7, 11, 19],
  [3, 5, 9, 13],
  [3, 9, 11, 15],
] as const

/** One 64-byte block: three rounds of sixteen steps, the four words changing places after each. RFC 1320 §3.4. */
const block = (state: Int32Array, words: Int32Array) => {
  let [a, b, c, d] = state as unknown as [number, number, number, number]
  for (let step = 0; step < 48; step++) {
    const round = step >> 4
    const i = step & 15
    let mixed: number
    if (round === 0) mixed = ((b & c) | (~b & d)) + words[i]!
    else if (round === 1) mixed = ((b & c) | (b & d) | (c & d)) + words[ROUND_2[i]!]! + 0x5a827999
    else mixed = (b ^ c ^ d) + words[ROUND_3[i]!]! + 0x6ed9eba1
    const next = rotate((a + mixed) | 0, SHIFTS[round]![i & 3]!)
    ;[a, b, c, d] = [d, next, b, c]
  }
  state[0]! += a
  state[1]! += b
  state[2]! += c
  state[3]! += d
}

/** The 16-byte digest of RFC 1320. Its only use here is the NT hash: it protects nothing else. */
export const md4 = (data: Uint8Array): Buffer => {
  const padded = Buffer.alloc((((data.length + 8) >> 6) + 1) << 6)
  padded.set(data)
  padded[data.length] = 0x80
  padded.writeUInt32LE((data.length << 3) >>> 0, padded.length - 8)
  padded.writeUInt32LE(Math.floor(data.length / 0x20000000), padded.length - 4)

  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  const words = new Int32Array(16)
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = padded.readInt32LE(at + 4 * i)
    block(state, words)
  }

  const digest = Buffer.alloc(16)
  for (let i = 0; i < 4; i++) digest.writeInt32LE(state[i]!, 4 * i)
  return digest
}
