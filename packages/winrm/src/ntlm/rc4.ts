/** A running RC4 key stream. Each call goes on where the last one stopped; the result is a new buffer. */
export type Rc4 = (data: Uint8Array) => Buffer

/** RC4 as in RFC 6229's test vectors; OpenSSL 3 refuses it. @param key 1 to 256 bytes */
export const createRc4 = (key: Uint8Array): Rc4 => {
  const box = new Uint8Array(256)
  for (let n = 0; n < 256; n++) box[n] = n
  for (let n = 0, swap = 0; n < 256; n++) {
    const held = box[n]!
    swap = (swap + held + key[n % key.length]!) & 255
    box[n] = box[swap]!
    box[swap] = held
  }

  let i = 0
  let j = 0
  return (data) => {
    const out = Buffer.allocUnsafe(data.length)
    for (let n = 0; n < data.length; n++) {
      i = (i + 1) & 255
      const a = box[i]!
      j = (j + a) & 255
      const b = box[j]!
      box[i] = b
      box[j] = a
      out[n] = data[n]! ^ box[(a + b) & 255]!
    }
    return out
  }
}
