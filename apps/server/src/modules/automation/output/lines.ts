import { isUtf8 } from 'node:buffer'
import type { OutputLine } from '@opsconductor/contract'
import type { StoredChunk } from './output.store.ts'

/** The lines of a chunk, or the pieces of them that it holds; only those of a range, if there is one. */
export const linesOf = (chunk: StoredChunk, from = 1, to = Infinity): OutputLine[] => {
  const texts = isUtf8(chunk.data) ? chunk.data.toString('utf8').split('\n') : null
  const pieces = texts ?? splitLines(chunk.data)
  if (!chunk.isPartial) pieces.pop() // behind the last line break there is nothing
  const at = chunk.at.toISOString()
  const lines: OutputLine[] = []
  for (let index = Math.max(0, from - chunk.firstLine); index < pieces.length; index++) {
    const line = chunk.firstLine + index
    if (line >= to) break
    const piece = pieces[index] ?? ''
    const isText = typeof piece === 'string' || isUtf8(piece)
    lines.push({
      seq: chunk.seq,
      line,
      at,
      step: chunk.step,
      stream: chunk.stream,
      text: typeof piece === 'string' ? piece : isText ? piece.toString('utf8') : escapeBytes(piece),
      continues: chunk.isPartial && index === pieces.length - 1,
      ...(isText ? {} : { isBinary: true as const }),
    })
  }
  return lines
}

const splitLines = (data: Buffer): Buffer[] => {
  const pieces: Buffer[] = []
  let from = 0
  for (let end = data.indexOf(0x0a); end !== -1; end = data.indexOf(0x0a, from)) {
    pieces.push(data.subarray(from, end))
    from = end + 1
  }
  pieces.push(data.subarray(from))
  return pieces
}

/** Text stays as it is between bytes that are none, which become `\xNN`. */
const escapeBytes = (bytes: Buffer): string => {
  const parts: string[] = []
  let from = 0
  for (let at = 0; at < bytes.length;) {
    const length = characterAt(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    parts.push(bytes.toString('utf8', from, at), `\\x${bytes.toString('hex', at, at + 1)}`)
    at += 1
    from = at
  }
  return parts.join('') + bytes.toString('utf8', from)
}

/** Bytes of the character that begins there; 0 where none does. */
const characterAt = (bytes: Buffer, at: number): number => {
  const byte = bytes[at] ?? 0
  if (byte < 0x80) return 1
  const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
  return byte >= 0xc2 && byte <= 0xf4 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length))
    ? length
    : 0
}
