import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { isIPv6 } from 'node:net'
import { ConnectionError, ProtocolError } from '../errors.ts'
import { within } from './waiting.ts'

export type HttpAnswer = {
  readonly status: number
  readonly contentType: string
  /** Every WWW-Authenticate header. */
  readonly challenges: readonly string[]
  readonly body: Buffer
}

export type HttpLimits = {
  /** From the first byte of the question to the last of the answer. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** HTTP over one given connection: it is never replaced by another one behind our back. */
export type HttpConnection = {
  /** When it last carried something, in ms of `performance.now()`. */
  readonly usedAt: number
  isOpen(): boolean
  /**
   * One POST, one answer; the next only after that. After any error the connection is closed.
   * @throws ConnectionError, ProtocolError, TimeoutError, CancelledError
   */
  post(headers: Readonly<Record<string, string>>, body: Buffer, limits: HttpLimits): Promise<HttpAnswer>
  close(): void
}

export type HttpPlace = {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly maxBytes: number
}

/** @throws ProtocolError when it is longer than it may be */
const readBody = async (answer: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw new ProtocolError(`The answer is longer than ${maxBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

const answerTo = (asked: ClientRequest) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve)
    asked.on('error', reject)
  })

export const httpConnection = (socket: Socket, { host, port, path, maxBytes }: HttpPlace): HttpConnection => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, scheduling: 'lifo' })
  let isTaken = false
  agent.createConnection = (_options, done) => {
    if (isTaken || socket.destroyed) {
      done?.(new Error('the connection is closed'), socket)
      return undefined
    }
    isTaken = true
    return socket
  }
  const hostHeader = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  let usedAt = performance.now()

  const exchange = async (asked: ClientRequest): Promise<HttpAnswer> => {
    let answer: IncomingMessage
    try {
      answer = await answerTo(asked)
      const body = await readBody(answer, maxBytes)
      return {
        status: answer.statusCode ?? 0,
        contentType: answer.headers['content-type'] ?? '',
        challenges: answer.headersDistinct['www-authenticate'] ?? [],
        body,
      }
    } catch (error) {
      socket.destroy()
      if (error instanceof ProtocolError) throw error
      // HPE_…: the parser's own complaints about what is no HTTP
      if (String((error as NodeJS.ErrnoException).code).startsWith('HPE_'))
        throw new ProtocolError(`The server does not speak HTTP: ${(error as Error).message}`, { cause: error })
      throw new ConnectionError(`The connection to ${hostHeader} was lost: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  return {
    get usedAt() {
      return usedAt
    },
    isOpen: () => !socket.destroyed && !socket.readableEnded,
    async post(headers, body, { timeoutMs, signal }) {
      const asked = request({
        agent,
        method: 'POST',
        host,
        port,
        path,
        headers: { Host: hostHeader, ...headers, 'Content-Length': body.length },
      })
      asked.end(body)
      const what = `An answer from ${hostHeader}`
      try {
        return await within({ phase: 'http', limitMs: timeoutMs, what, signal }, exchange(asked), () =>
          socket.destroy(),
        )
      } finally {
        usedAt = performance.now()
      }
    },
    close() {
      agent.destroy()
      socket.destroy()
    },
  }
}
