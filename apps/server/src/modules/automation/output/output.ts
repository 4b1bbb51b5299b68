import type { OutputMatches, OutputPage, OutputStream } from '@opsconductor/contract'
import { type Context, permit } from '../../../kernel/context.ts'
import { readCursor, writeCursor } from '../../../kernel/cursor.ts'
import { Refusal } from '../../../kernel/errors.ts'
import type { ByteSource } from '../../../kernel/http/byte-ranges.ts'
import type { Executions } from '../executions/executions.ts'
import { linesOf } from './lines.ts'
import { type OutputPlace, isDropped, selectByLines } from './output.store.ts'
import { rawOutputOf } from './raw-output.ts'
import { type SearchFor, searchOutput } from './search.ts'

type Which = { ref: string; number: number }

export const createOutput = ({ executions }: { executions: Pick<Executions, 'findBranch'> }) => {
  const locate = async (ctx: Context, { ref, number }: Which) => {
    permit(ctx, 'executions.read')
    const { execution, branch } = await executions.findBranch(ctx, ref, number)
    const place: OutputPlace = { branchId: branch.id, day: execution.day }
    const isComplete = !['scheduled', 'queued', 'running', 'lost'].includes(branch.status)
    return { execution, branch, place, isComplete }
  }

  return {
    /** Lines by range; the pieces of a line come in the order in which they were written. */
    page: async (
      ctx: Context,
      which: Which,
      { fromLine, limit, cursor }: { fromLine: number; limit: number; cursor?: string | undefined },
    ): Promise<OutputPage> => {
      const { branch, place, isComplete } = await locate(ctx, which)
      const to = fromLine + limit
      const afterSeq = readCursor(cursor)?.id ?? 0
      const { chunks, isCut } = await selectByLines(ctx.db, place, { from: fromLine, to, afterSeq })
      const last = chunks.at(-1)
      const isExpired = last === undefined && branch.outputLines >= fromLine && (await isDropped(ctx.db, place))
      return {
        items: chunks.flatMap((chunk) => linesOf(chunk, fromLine, to)),
        nextCursor: isCut && last !== undefined ? writeCursor({ key: '', id: last.seq }) : null,
        nextLine: branch.outputLines >= to ? to : null,
        totalLines: branch.outputLines,
        lastSeq: branch.outputSeq,
        isComplete,
        ...(isExpired ? { isExpired: true as const } : {}),
      }
    },

    /** Looks through the whole output, also where nobody has scrolled to. */
    search: async (
      ctx: Context,
      which: Which,
      wanted: Omit<SearchFor, 'after'> & { cursor?: string | undefined },
    ): Promise<OutputMatches> => {
      const { branch, place } = await locate(ctx, which)
      const from = readCursor(wanted.cursor)
      const after = from === null ? null : { seq: from.id, line: Number(from.key) }
      const { items, next, searchedLines } = await searchOutput(ctx, place, { ...wanted, after })
      return {
        items,
        isCut: next !== null,
        nextCursor: next === null ? null : writeCursor({ key: String(next.line), id: next.seq }),
        searchedLines: next === null ? branch.outputLines : searchedLines,
      }
    },

    /** The bytes as they came, masked, of one stream or of both in order of arrival; without notices of ours. */
    raw: async (ctx: Context, which: Which, stream: OutputStream | undefined): Promise<ByteSource> => {
      const { execution, branch, place, isComplete } = await locate(ctx, which)
      const { size, read } = await rawOutputOf(ctx, place, stream)
      if (size === 0 && branch.outputLines > 0 && (await isDropped(ctx.db, place))) {
        throw new Refusal('not_found', 'The output was removed: it is older than output is kept here.')
      }
      return {
        contentType: 'text/plain; charset=utf-8',
        fileName: `${execution.jobSerial}.${execution.number}-${branch.targetName}.txt`,
        size,
        tag: isComplete ? `${branch.uuid}-${stream ?? 'all'}-${size}` : null,
        read,
      }
    },
  }
}

export type Output = ReturnType<typeof createOutput>
