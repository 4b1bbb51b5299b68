import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'

/** An answer that is bytes, read as they are asked for. */
export type ByteSource = {
  contentType: string
  fileName: string
  /** Bytes there are now. */
  size: number
  /** Names these bytes when there will be no others; null while more may come behind them. */
  tag: string | null
  /** The bytes from here up to, but without, there. */
  read: (from: number, to: number) => AsyncIterable<Uint8Array>
}

/**
 * Sends it, or the part that `Range` asks for (RFC 9110 §14). Only a single range is served; for several of them, and
 * for units other than bytes, the whole is the answer, as the RFC allows. What still grows is sent to its present end.
 */
export const sendBytes = (request: FastifyRequest, reply: FastifyReply, source: ByteSource) => {
  const { size, tag } = source
  const range = isStillTheSame(request, tag) ? rangeOf(request.headers.range, size) : null
  const complete = tag === null ? '*' : String(size)
  void reply
    .type(source.contentType)
    .header('content-disposition', `attachment; filename="${source.fileName.replace(/[^\w.-]/g, '_')}"`)
    .header('accept-ranges', 'bytes')
  if (tag !== null) void reply.header('etag', `"${tag}"`)
  if (range === 'outside') {
    void reply.header('content-range', `bytes */${size}`)
    throw new Refusal('out_of_range', `There are ${size} bytes. Ask for a range within them.`)
  }
  if (range !== null) void reply.code(206).header('content-range', `bytes ${range.from}-${range.to - 1}/${complete}`)
  const { from, to } = range ?? { from: 0, to: size }
  void reply.header('content-length', to - from).send(Readable.from(exactly(source.read(from, to), to - from)))
}

/** `If-Range`: the part is wanted only of the very bytes of which the client has the rest. */
const isStillTheSame = (request: FastifyRequest, tag: string | null) => {
  const wanted = request.headers['if-range']
  return wanted === undefined || (tag !== null && wanted === `"${tag}"`)
}

const rangeOf = (header: string | undefined, size: number): { from: number; to: number } | 'outside' | null => {
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '')
    return Number(last) === 0 || size === 0 ? 'outside' : { from: Math.max(0, size - Number(last)), to: size }
  if (last !== '' && Number(last) < Number(first)) return null
  if (Number(first) >= size) return 'outside'
  return { from: Number(first), to: last === '' ? size : Math.min(size, Number(last) + 1) }
}

/** A length was promised: an answer that would be shorter breaks off, so that nobody takes it for the whole. */
const exactly = async function* (bytes: AsyncIterable<Uint8Array>, length: number) {
  let rest = length
  for await (const piece of bytes) {
    rest -= piece.length
    yield piece
  }
  if (rest !== 0) throw new Error(`An answer of ${length} bytes lacked ${rest}.`)
}
