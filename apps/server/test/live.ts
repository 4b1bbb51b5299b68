import { once } from 'node:events'
import { apiBase, type ClientFrame, livePath, ServerFrame, type Subscription } from '@opsconductor/contract'
import { WebSocket } from 'ws'
import type { TestApp } from './app.ts'
import { until } from './until.ts'

type Where = { url: string; admin: TestApp['admin'] }

/** A live connection that has logged in. Every frame is held against the contract and kept. */
export const openLive = async (app: Where, accessToken: string = app.admin.accessToken) => {
  const socket = new WebSocket(`${app.url.replace(/^http/, 'ws')}${apiBase}${livePath}`)
  const frames: ServerFrame[] = []
  let mistake: Error | null = null
  socket.on('message', (data: Buffer) => {
    const frame = ServerFrame.safeParse(JSON.parse(data.toString()))
    if (frame.success) frames.push(frame.data)
    else mistake = new Error(`a frame breaks the contract: ${frame.error.message}`)
  })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await once(socket, 'open')
  const send = (frame: ClientFrame) => socket.send(JSON.stringify(frame))
  const wait = async (isIt: (frame: ServerFrame) => boolean): Promise<void> => {
    await until(() => mistake !== null || frames.some(isIt))
    if (mistake !== null) throw mistake
  }
  send({ type: 'authenticate', accessToken })
  await wait(({ type }) => type === 'authenticated' || type === 'problem')
  return {
    socket,
    frames,
    send,
    subscribe: (id: string, to: Subscription) => send({ type: 'subscribe', id, to }),
    /** Waits for a frame, now or before. */
    until: wait,
    /** The code with which the server closes, or has closed. */
    closed,
    [Symbol.asyncDispose]: async () => {
      if (socket.readyState === WebSocket.CLOSED) return
      socket.terminate()
      await closed
    },
  }
}

export type Live = Awaited<ReturnType<typeof openLive>>
