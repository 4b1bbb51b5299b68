import { Readable } from 'node:stream'
import type { OutputMatch, OutputPage, OutputStream } from '@opsconductor/contract'
import { type Context, permit } from '../../../kernel/context.ts'
import type { Executions } from '../executions/executions.ts'
import { linesOf } from './lines.ts'
import { type OutputPlace, selectAfterSeq, selectByLines } from './output.store.ts'

type Which = { ref: string; number: number }

/** Chunks read at a time where the whole output is walked through; memory stays the same for any length. */
const chunksAtOnce = 50
const matchTextMax = 500

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
      { fromLine, limit }: { fromLine: number; limit: number },
    ): Promise<OutputPage> => {
      const { branch, place, isComplete } = await locate(ctx, which)
      const to = fromLine + limit
      const chunks = await selectByLines(ctx.db, place, fromLine, to)
      return {
        items: chunks.flatMap(linesOf).filter(({ line }) => line >= fromLine && line < to),
        nextLine: branch.outputLines >= to ? to : null,
        totalLines: branch.outputLines,
        lastSeq: branch.outputSeq,
        isComplete,
      }
    },

    /** Looks through the whole output, also where nobody has scrolled to. A match is within one line or piece of it. */
    search: async (
      ctx: Context,
      which: Which,
      { q, limit }: { q: string; limit: number },
    ): Promise<{ items: OutputMatch[]; isCut: boolean }> => {
      const { place } = await locate(ctx, which)
      const wanted = q.toLowerCase()
      const items: OutputMatch[] = []
      for await (const chunk of allChunks(ctx, place)) {
        for (const { line, stream, text } of linesOf(chunk)) {
          if (!text.toLowerCase().includes(wanted)) continue
          if (items.length === limit) return { items, isCut: true }
          items.push({ line, stream, text: text.slice(0, matchTextMax) })
        }
      }
      return { items, isCut: false }
    },

    /** The bytes as they came, masked, of one stream or of all in order of arrival; without notices of ours. */
    raw: async (ctx: Context, which: Which, stream: OutputStream | undefined) => {
      const { execution, branch, place } = await locate(ctx, which)
      const bytes = async function* () {
        for await (const chunk of allChunks(ctx, place)) {
          if (stream === undefined ? chunk.stream !== 'notice' : chunk.stream === stream) yield chunk.data
        }
      }
      return {
        stream: Readable.from(bytes()),
        fileName: `${execution.jobSerial}.${execution.number}-${branch.targetName}.txt`,
      }
    },
  }
}

export type Output = ReturnType<typeof createOutput>

const allChunks = async function* (ctx: Context, place: OutputPlace) {
  for (let seq = 0; ;) {
    const chunks = await selectAfterSeq(ctx.db, place, seq, chunksAtOnce)
    yield* chunks
    const last = chunks.at(-1)
    if (last === undefined || chunks.length < chunksAtOnce) return
    seq = last.seq
  }
}
