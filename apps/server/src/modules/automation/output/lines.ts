import type { OutputLine } from '@opsconductor/contract'
import type { StoredChunk } from './output.store.ts'

/** The lines of a chunk, or the pieces of them that it holds. */
export const linesOf = (chunk: StoredChunk): OutputLine[] => {
  const texts = chunk.data.toString('utf8').split('\n')
  if (!chunk.isPartial) texts.pop() // behind the last line break there is nothing
  return texts.map((text, index) => ({
    seq: chunk.seq,
    line: chunk.firstLine + index,
    at: chunk.at.toISOString(),
    step: chunk.step,
    stream: chunk.stream,
    text,
    continues: chunk.isPartial && index === texts.length - 1,
  }))
}
