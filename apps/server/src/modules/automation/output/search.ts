import type { OutputMatch } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import { createLineFinder } from './line-finder.ts'
import { findSeqOfLine, type OutputPlace } from './output.store.ts'
import { walkChunks } from './walk.ts'

/** Where a search goes on: in this chunk, from this line on. */
export type SearchPlace = { seq: number; line: number }

export type SearchFor = {
  q: string
  caseSensitive: boolean
  fromLine: number
  limit: number
  /** Where the last answer was cut. */
  after: SearchPlace | null
}

/** A request that takes longer is cut; the client asks for the rest. */
const longestMs = 2_000
const bytesAtOnce = 4 * 1024 * 1024

/** Looks through chunk after chunk, up to the limit of matches or of time. */
export const searchOutput = async (
  ctx: Context,
  place: OutputPlace,
  { q, caseSensitive, fromLine, limit, after }: SearchFor,
): Promise<{ items: OutputMatch[]; next: SearchPlace | null; searchedLines: number }> => {
  const startedAt = performance.now()
  const firstSeq = after?.seq ?? (fromLine > 1 ? await findSeqOfLine(ctx.db, place, fromLine) : 1)
  const finder = createLineFinder(q, caseSensitive)
  const items: OutputMatch[] = []
  let searchedLines = 0
  for await (const chunks of walkChunks(ctx, place, firstSeq - 1, bytesAtOnce)) {
    for (const chunk of chunks) {
      const resumed = after?.seq === chunk.seq ? after.line : 0
      for (const match of finder.find(chunk, Math.max(fromLine, resumed))) {
        if (items.length === limit) {
          return { items, next: { seq: chunk.seq, line: match.line }, searchedLines: match.line - 1 }
        }
        items.push(match)
      }
      searchedLines = Math.max(searchedLines, chunk.firstLine + chunk.lines - (chunk.isPartial ? 2 : 1))
    }
    const last = chunks.at(-1)
    if (last !== undefined && performance.now() - startedAt > longestMs) {
      return { items, next: finder.placeBehind(last), searchedLines }
    }
  }
  return { items, next: null, searchedLines }
}
