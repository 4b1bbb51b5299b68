import type { OutputMatch, OutputStream } from '@opsconductor/contract'
import type { SearchPlace } from './search.ts'
import type { StoredChunk } from './output.store.ts'

/** Of a long line only this much is shown around the match, in characters. */
const shownCharacters = 500
const shownBefore = 100

/**
 * Finds the lines of chunks that contain a text, also where a line goes on from one chunk to the next. Chunks are given
 * in order. What is looked for is a plain text; with upper and lower case alike, as Unicode pairs them.
 */
export const createLineFinder = (q: string, caseSensitive: boolean) => {
  // bytes are looked through as they are where that is enough: decoding costs more than searching
  const encoding = /^[\0-\x7f]*$/.test(q) ? 'latin1' : 'utf8'
  const flags = `g${caseSensitive ? '' : 'i'}${encoding === 'utf8' ? 'u' : ''}`
  const pattern = new RegExp(q.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`), flags)
  /** The end of each stream's unfinished line: a match may begin there. */
  const unfinished = new Map<OutputStream, { line: number; end: string; isFound: boolean }>()

  const textOf = (text: string) => (encoding === 'latin1' ? Buffer.from(text, 'latin1').toString() : text)

  const excerpt = (text: string, lineStart: number, lineEnd: number, at: number) => {
    if (lineEnd - lineStart <= shownCharacters) return textOf(text.slice(lineStart, lineEnd))
    const from = Math.max(lineStart, at - shownBefore)
    return textOf(text.slice(from, Math.min(lineEnd, from + shownCharacters)))
  }

  return {
    /** Each line once, from a line on. */
    find: function* (chunk: StoredChunk, fromLine: number): Generator<OutputMatch> {
      const { stream, firstLine, isPartial } = chunk
      const before = unfinished.get(stream)
      const goesOn = before?.line === firstLine ? before : undefined
      const text = (goesOn?.end ?? '') + chunk.data.toString(encoding)
      let line = firstLine
      let counted = 0
      let found = goesOn?.isFound === true ? firstLine : 0
      pattern.lastIndex = 0
      for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
        for (
          let end = text.indexOf('\n', counted);
          end !== -1 && end < match.index;
          end = text.indexOf('\n', counted)
        ) {
          line += 1
          counted = end + 1
        }
        const end = text.indexOf('\n', match.index)
        const lineEnd = end === -1 ? text.length : end
        // a line break cannot be looked for: what contains one is not in any line
        if (match.index + match[0].length <= lineEnd && line >= fromLine && line > found) {
          found = line
          const lastIndex = lineEnd
          yield { line, stream, text: excerpt(text, counted, lineEnd, match.index) }
          pattern.lastIndex = lastIndex
        } else pattern.lastIndex = Math.max(lineEnd, match.index + 1)
      }
      if (!isPartial) unfinished.delete(stream)
      else {
        const lastLine = firstLine + chunk.lines - 1
        const end = text.slice(text.lastIndexOf('\n') + 1).slice(-(q.length - 1) || text.length)
        unfinished.set(stream, { line: lastLine, end, isFound: found === lastLine })
      }
    },
    /** Where to go on behind a chunk: within it, when its last line goes on and may yet hold a match. */
    placeBehind: ({ seq, stream }: StoredChunk): SearchPlace => {
      const open = unfinished.get(stream)
      return open === undefined || open.isFound ? { seq: seq + 1, line: 0 } : { seq, line: open.line }
    },
  }
}
