import type { Socket } from 'node:net'
import type { Problem } from '@opsconductor/contract'
import { Refusal } from '../errors.ts'
import { newUuid } from '../identifiers.ts'
import { problemOf } from './problem.ts'

/** Answers what is not a request at all: no HTTP, headers too long, too slow. Nothing else of ours has seen it. */
export const answerNoRequest = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const problem = problemOf(refusalOf(error), newUuid())
  socket.end(responseOf(problem), () => socket.destroy())
}

const refusalOf = (cause: Error & { code?: string }): Refusal => {
  switch (cause.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal('too_large', 'The headers of the request are larger than 16 KB.', { cause })
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal('malformed', 'The request did not come to its end in time.', { cause })
    case undefined:
    default:
      return new Refusal('malformed', 'This is not an HTTP request that can be read.', { cause })
  }
}

const responseOf = (problem: Problem): string => {
  const body = JSON.stringify(problem)
  return [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${problem.requestId}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
