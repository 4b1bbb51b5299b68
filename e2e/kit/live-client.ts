import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { apiBase, livePath, ServerFrame, type ClientFrame } from '@opsconductor/contract'
import { until } from '@opsconductor/transports/testing'

/** A connection to `WS /api/v1/live` that keeps every frame it was sent. */
export interface LiveClient {
  readonly frames: ServerFrame[]
  readonly send: (frame: ClientFrame) => void
  /** The connection has ended, by whomever. */
  readonly isClosed: () => boolean
  readonly close: () => void
}

/** Connects and authenticates. */
export const openLive = async (url: string, accessToken: string): Promise<LiveClient> => {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${apiBase}${livePath}`)
  const frames: ServerFrame[] = []
  let isClosed = false
  socket.addEventListener('message', ({ data }: MessageEvent) =>
    frames.push(ServerFrame.parse(JSON.parse(String(data)))),
  )
  socket.addEventListener('close', () => (isClosed = true))
  await once(socket, 'open')
  const send = (frame: ClientFrame) => socket.send(JSON.stringify(frame))
  send({ type: 'authenticate', accessToken })
  await until(() => isClosed || frames.length > 0)
  return { frames, send, isClosed: () => isClosed, close: () => socket.close() }
}

/** A way to the server that can be cut, as when a cable is pulled: nobody says goodbye. */
export const openWay = async (url: string): Promise<{ url: string; cut: () => void } & AsyncDisposable> => {
  const { hostname, port } = new URL(url)
  const open = new Set<Socket>()
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    [Symbol.asyncDispose]: async () => {
      server.close()
      cut()
      await once(server, 'close')
    },
  }
}
