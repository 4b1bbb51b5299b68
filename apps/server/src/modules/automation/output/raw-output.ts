import type { OutputStream } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import {
  findInStream,
  findLast,
  findSeqOfByte,
  type OutputPlace,
  selectOfStream,
  type StoredChunk,
} from './output.store.ts'
import { walkChunks } from './walk.ts'

const bytesAtOnce = 1024 * 1024

type Raw = {
  /** In bytes, by now. */
  size: number
  /** From a byte up to, but without, another: chunk after chunk, so that any length takes the same memory. */
  read: (from: number, to: number) => AsyncGenerator<Buffer>
}

/** The output as the target wrote it, of one stream, or of both in order of arrival. */
export const rawOutputOf = (ctx: Context, place: OutputPlace, stream: OutputStream | undefined): Promise<Raw> =>
  stream === undefined ? ofBoth(ctx, place) : ofStream(ctx, place, stream)

const ofBoth = async (ctx: Context, place: OutputPlace): Promise<Raw> => {
  const last = await findLast(ctx.db, place)
  const size = last === undefined ? 0 : last.totalOffset + (last.stream === 'notice' ? 0 : last.bytes)
  return {
    size,
    read: async function* (from, to) {
      if (last === undefined || from >= to) return
      const first = await findSeqOfByte(ctx.db, place, from, last.seq)
      for await (const chunks of walkChunks(ctx, place, first - 1, bytesAtOnce)) {
        for (const chunk of chunks) {
          if (chunk.totalOffset >= to) return
          if (chunk.stream !== 'notice') yield partOf(chunk, chunk.totalOffset, from, to)
        }
      }
    },
  }
}

const ofStream = async (ctx: Context, place: OutputPlace, stream: OutputStream): Promise<Raw> => {
  const last = await findInStream(ctx.db, place, stream)
  return {
    size: last === undefined ? 0 : last.byteOffset + last.bytes,
    read: async function* (from, to) {
      if (from >= to) return
      let at = (await findInStream(ctx.db, place, stream, from))?.byteOffset ?? 0
      while (at < to && !ctx.signal.aborted) {
        const chunks = await selectOfStream(ctx.db, place, stream, at)
        for (const chunk of chunks) yield partOf(chunk, chunk.byteOffset, from, to)
        const end = chunks.at(-1)
        if (end === undefined) return
        at = end.byteOffset + end.data.length
      }
    },
  }
}

const partOf = ({ data }: StoredChunk, offset: number, from: number, to: number): Buffer =>
  data.subarray(Math.max(0, from - offset), Math.max(0, to - offset))
