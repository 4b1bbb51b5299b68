import type { OutputStream } from '@opsconductor/contract'

/** Bytes of one stream that are stored together: whole lines, the rest of a line, or a piece of one. */
export type Chunk = {
  seq: number
  step: number
  stream: OutputStream
  /** Bytes of the stream in the branch before it. */
  byteOffset: number
  /** Bytes of stdout and stderr in the branch before it: its place in the raw output. */
  totalOffset: number
  firstLine: number
  /** Lines that the chunk touches. */
  lines: number
  /** Its last line goes on in a later chunk of the same stream. */
  isPartial: boolean
  data: Buffer
}

/** Where the output of a branch goes on: behind so many chunks, lines, and bytes of each stream. */
export type Position = {
  seq: number
  line: number
  bytes: Readonly<Record<OutputStream, number>>
  /** Streams whose last line has no end yet, and its number. */
  open: ReadonlyMap<OutputStream, number>
}

export const beginning: Position = { seq: 0, line: 0, bytes: { stdout: 0, stderr: 0, notice: 0 }, open: new Map() }

/** Larger pieces are cut, so that a line of any length is read in small answers. */
const largestBytes = 128 * 1024
const newline = 0x0a

/**
 * Numbers the lines of a branch over all its streams, in order of arrival. A line that is unfinished keeps its number
 * until its stream goes on, whatever other streams say in between.
 */
export const createChunker = (start: Position) => {
  let { seq, line } = start
  const open = new Map(start.open)
  const bytes = { ...start.bytes }

  const emit = (step: number, stream: OutputStream, data: Buffer): Chunk => {
    const isPartial = data.at(-1) !== newline
    const breaks = countBreaks(data)
    const lines = breaks + (isPartial ? 1 : 0)
    const firstLine = open.get(stream) ?? line + 1
    const lastLine = firstLine + lines - 1
    line = Math.max(line, lastLine)
    if (isPartial) open.set(stream, lastLine)
    else open.delete(stream)
    seq += 1
    const [byteOffset, totalOffset] = [bytes[stream], bytes.stdout + bytes.stderr]
    bytes[stream] += data.length
    return { seq, step, stream, byteOffset, totalOffset, firstLine, lines, isPartial, data }
  }

  return {
    push: (step: number, stream: OutputStream, data: Buffer): Chunk[] => {
      const chunks: Chunk[] = []
      let rest = data
      // the end of an earlier line stands alone when other streams have taken the numbers behind it
      const continued = open.get(stream)
      if (continued !== undefined && continued !== line) {
        const end = rest.indexOf(newline)
        if (end !== -1 && end + 1 < rest.length) {
          for (const piece of cut(rest.subarray(0, end + 1))) chunks.push(emit(step, stream, piece))
          rest = rest.subarray(end + 1)
        }
      }
      for (const piece of cut(rest)) chunks.push(emit(step, stream, piece))
      return chunks
    },
    /** What comes next begins a new line, also where the last one had no end. */
    endLines: () => open.clear(),
    /** Unfinished lines of a former holder of the branch go on. */
    reopen: (lines: ReadonlyMap<OutputStream, number>) => {
      for (const [stream, number] of lines) open.set(stream, number)
    },
    position: (): Position => ({ seq, line, bytes: { ...bytes }, open: new Map(open) }),
    /** Takes back all that was pushed since. */
    restore: (position: Position) => {
      ;({ seq, line } = position)
      Object.assign(bytes, position.bytes)
      open.clear()
      for (const [stream, number] of position.open) open.set(stream, number)
    },
  }
}

export type Chunker = ReturnType<typeof createChunker>

const countBreaks = (data: Buffer): number => {
  let count = 0
  for (let at = data.indexOf(newline); at !== -1; at = data.indexOf(newline, at + 1)) count += 1
  return count
}

const cut = function* (bytes: Buffer): Generator<Buffer> {
  let from = 0
  while (from < bytes.length) {
    let to = Math.min(from + largestBytes, bytes.length)
    if (to < bytes.length) {
      // whole lines where there are any: they are searched and drawn without their neighbours
      const lineEnd = bytes.lastIndexOf(newline, to - 1)
      to = lineEnd >= from ? lineEnd + 1 : wholeCharacters(bytes, from, to)
    }
    yield bytes.subarray(from, to)
    from = to
  }
}

/** Moves a cut out of the middle of a UTF-8 character; bytes that are no text are cut where it was. */
export const wholeCharacters = (bytes: Buffer, from: number, to: number): number => {
  for (let back = 1; back <= 3 && to - back >= from; back++) {
    const byte = bytes[to - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue // within a character
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? to - back : to
  }
  return to
}
