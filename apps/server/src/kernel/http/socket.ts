import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from '@fastify/websocket'
import { Refusal } from '../errors.ts'

/** One WebSocket, as the rules see it: text frames in and out. */
export type Socket = {
  /** Unsent bytes; a slow reader is sent no more until it has caught up. */
  readonly bufferedBytes: () => number
  readonly send: (text: string) => void
  readonly close: (code: number, reason: string) => void
}

export type SocketHandlers = { onText: (text: string) => void; onClose: () => void }
export type OpenSocket = (socket: Socket, requestId: string, address: string) => SocketHandlers

/** A peer that does not answer this often is gone, whatever TCP still believes. */
const pingMs = 30_000

export const serveSocket = (server: FastifyInstance, path: string, publicUrl: URL, open: OpenSocket) => {
  const refuse = () => {
    throw new Refusal('malformed', 'This path is a WebSocket: open it with the header Upgrade: websocket.')
  }
  const serve = (webSocket: WebSocket, request: FastifyRequest) => {
    if (!isOwnOrigin(request.headers.origin, request.headers.host, publicUrl)) {
      webSocket.close(4403, 'This page may not open a live connection here.')
      return
    }
    const handlers = open(
      {
        bufferedBytes: () => webSocket.bufferedAmount,
        send: (text) => {
          if (webSocket.readyState === webSocket.OPEN) webSocket.send(text)
        },
        close: (code, reason) => webSocket.close(code, reason),
      },
      request.id,
      request.ip,
    )
    let isAlive = true
    const ping = setInterval(() => {
      if (!isAlive) return webSocket.terminate()
      isAlive = false
      webSocket.ping()
    }, pingMs)
    webSocket.on('pong', () => (isAlive = true))
    webSocket.on('message', (data) => {
      isAlive = true
      handlers.onText(Buffer.isBuffer(data) ? data.toString() : '')
    })
    webSocket.on('error', (error) => request.log.debug({ err: error }, 'a live connection failed'))
    webSocket.on('close', () => {
      clearInterval(ping)
      handlers.onClose()
    })
  }
  server.route({ method: 'GET', url: path, schema: { hide: true }, handler: refuse, wsHandler: serve })
}

/** Programs send no Origin; a browser's must be our own page, by the public URL or by the host it was asked under. */
const isOwnOrigin = (origin: string | undefined, host: string | undefined, publicUrl: URL) => {
  if (origin === undefined) return true
  if (origin === publicUrl.origin) return true
  return URL.canParse(origin) && new URL(origin).host === host
}
