/** What is to be sent: at once, or as it comes. */
export type Content = Uint8Array | AsyncIterable<Uint8Array>

const chunksOf = async function* (content: Content): AsyncGenerator<Uint8Array, void, void> {
  if (content instanceof Uint8Array) yield content
  else yield* content
}

/** The same bytes in blocks of one size, the last one shorter; holds no more than one block. */
export const blocksOf = async function* (content: Content, sizeBytes: number): AsyncGenerator<Buffer, void, void> {
  let block = Buffer.allocUnsafe(sizeBytes)
  let filled = 0
  for await (const chunk of chunksOf(content)) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + sizeBytes - filled)
      block.set(part, filled)
      filled += part.length
      at += part.length
      if (filled === sizeBytes) {
        yield block
        block = Buffer.allocUnsafe(sizeBytes)
        filled = 0
      }
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}

/** No line of ours is longer; a server that sends one is not what we think it is. */
const LONGEST_LINE = 1_048_576

/** Lines of ASCII text, without their ends. @throws RangeError when one has no end */
export const linesOf = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, void> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop()!
    if (rest.length > LONGEST_LINE) throw new RangeError('a line without an end')
    for (const line of lines) yield line.replace(/\r$/, '')
  }
  if (rest !== '') yield rest
}
