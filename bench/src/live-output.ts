import { apiBase, type ClientFrame, livePath, type ServerFrame } from '@opsconductor/contract'
import type { Server } from './server-process.ts'

export type FirstOutput = {
  /** When the first output arrived here, by `Date.now()` with fractions. */
  seenAt: number
  /** Resolves with all output of the branch when it has come. */
  completed: Promise<string>
}

/** A live connection that watches the output of one execution after the other. */
export const openLiveOutput = async ({ origin, accessToken }: Server) => {
  const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}${apiBase}${livePath}`)
  const send = (frame: ClientFrame) => socket.send(JSON.stringify(frame))
  let heard = (_frame: ServerFrame, _at: number) => {}
  socket.addEventListener('message', ({ data }) => heard(JSON.parse(String(data)) as ServerFrame, preciseNow()))
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  const authenticated = new Promise<void>((resolve) => (heard = ({ type }) => type === 'authenticated' && resolve()))
  send({ type: 'authenticate', accessToken })
  await authenticated

  return {
    /** Subscribes now. @returns at the first output */
    firstOutput: (ref: string): Promise<FirstOutput> =>
      new Promise((resolve) => {
        const completed = Promise.withResolvers<string>()
        let text = ''
        heard = (frame, seenAt) => {
          if (frame.type !== 'output' || frame.id !== ref.slice(0, 50)) return
          if (frame.lines.length > 0) resolve({ seenAt, completed: completed.promise })
          text += frame.lines.map((line) => line.text).join('')
          if (!frame.isComplete) return
          send({ type: 'unsubscribe', id: frame.id })
          completed.resolve(text)
        }
        send({ type: 'subscribe', id: ref.slice(0, 50), to: { topic: 'output', ref, branch: 1, from: 0 } })
      }),
    [Symbol.dispose]: () => socket.close(),
  }
}

/** Like `Date.now()`, with fractions of a millisecond, to be compared with clocks of other processes. */
export const preciseNow = () => performance.timeOrigin + performance.now()
