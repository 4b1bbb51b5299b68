import {
  ProblemError,
  apiBase,
  livePath,
  type ClientFrame,
  type Problem,
  type ServerFrame,
  type Subscription,
} from '@opsconductor/contract'
import { Failure } from './failure.ts'
import type { Session } from './session.ts'

type SubscribedFrame = Extract<ServerFrame, { type: 'execution' | 'output' | 'log' | 'changed' }>

type Ports = {
  session: Pick<Session, 'url' | 'accessToken' | 'validForMs' | 'isFixed'>
  /** What the server sends for a subscription. */
  hear: (frame: SubscribedFrame) => void
  /** The connection was cut, or is there again. */
  tell: (state: 'cut' | 'again') => void
  openSocket?: (url: string) => WebSocket
  timing?: Partial<typeof defaultTiming>
}

const defaultTiming = {
  /** A quiet connection is asked whether it still lives, and given up without an answer. */
  pingEveryMs: 15_000,
  silentForMs: 45_000,
  /** Without a connection for so long, following ends; what is followed goes on. */
  giveUpAfterMs: 300_000,
  firstPauseMs: 250,
  longestPauseMs: 5_000,
  /** A token is renewed so long before it ends. */
  renewBeforeMs: 45_000,
}

export type Live = ReturnType<typeof createLive>

/**
 * A conversation with `WS /api/v1/live` that survives cut connections: after each new one it subscribes again, and as a
 * subscription is made anew each time, it starts from the last number seen. `run` ends when `stop` is called, and
 * fails when the server refuses or stays away.
 */
export const createLive = ({ session, hear, tell, openSocket = (url) => new WebSocket(url), timing = {} }: Ports) => {
  const times = { ...defaultTiming, ...timing }
  const url = `${session.url.replace(/^http/, 'ws')}${apiBase}${livePath}`
  const subscriptions = new Map<string, () => Subscription>()
  const stopped = new AbortController()
  let send: ((frame: ClientFrame) => void) | undefined

  const subscribe = (id: string, to: () => Subscription) => {
    subscriptions.set(id, to)
    send?.({ type: 'subscribe', id, to: to() })
  }
  const unsubscribe = (id: string) => {
    if (subscriptions.delete(id)) send?.({ type: 'unsubscribe', id })
  }

  const run = async () => {
    let cutSinceMs: number | undefined
    let pauseMs = times.firstPauseMs
    let refused: string | undefined
    while (!stopped.signal.aborted) {
      const token = await session.accessToken(refused === undefined ? {} : { refused })
      const problem = await converse(token, () => {
        if (cutSinceMs !== undefined) tell('again')
        cutSinceMs = undefined
        pauseMs = times.firstPauseMs
        refused = undefined
      })
      if (stopped.signal.aborted) return
      if (problem !== undefined && !isPassing(problem)) {
        // a clock that differs from the server's may offer a token that has ended; a second refusal is final
        if (problem.code !== 'token_expired' || session.isFixed || refused !== undefined)
          throw new ProblemError(problem)
        refused = token
        continue
      }
      if (cutSinceMs === undefined) tell('cut')
      cutSinceMs ??= performance.now()
      if (performance.now() - cutSinceMs > times.giveUpAfterMs) {
        throw new Failure('unreachable', `No live connection to ${session.url} any more`)
      }
      await pause(pauseMs * (0.5 + Math.random() / 2), stopped.signal)
      pauseMs = Math.min(pauseMs * 2, times.longestPauseMs)
    }
  }

  /** One connection, to its end: nothing where it was cut, the problem where the server refused. */
  const converse = (token: string, ready: () => void) =>
    new Promise<Problem | undefined>((resolve) => {
      const socket = openSocket(url)
      let heardAtMs = performance.now()
      let renewal: NodeJS.Timeout | undefined
      const tellServer = (frame: ClientFrame) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame))
      }
      // a dead connection never answers a closing handshake, so the end is not waited for
      const end = (problem?: Problem) => {
        clearInterval(pinging)
        clearTimeout(renewal)
        send = undefined
        stopped.signal.removeEventListener('abort', onStop)
        socket.close()
        resolve(problem)
      }
      const onStop = () => end()
      const pinging = setInterval(() => {
        if (performance.now() - heardAtMs > times.silentForMs) end()
        else tellServer({ type: 'ping' })
      }, times.pingEveryMs)
      const planRenewal = async () => {
        const validForMs = await session.validForMs()
        if (validForMs === undefined || send === undefined) return
        const delayMs = Math.min(Math.max(validForMs - times.renewBeforeMs, validForMs / 2, 1000), 2 ** 31 - 1)
        renewal = setTimeout(() => {
          session.accessToken({ validForMs: times.renewBeforeMs }).then(
            (accessToken) => tellServer({ type: 'authenticate', accessToken }),
            // the connection then ends with the token, and the next one says why
            () => {},
          )
        }, delayMs)
      }

      stopped.signal.addEventListener('abort', onStop, { once: true })
      socket.addEventListener('open', () => tellServer({ type: 'authenticate', accessToken: token }))
      socket.addEventListener('close', () => end())
      socket.addEventListener('error', () => end())
      socket.addEventListener('message', ({ data }: MessageEvent) => {
        heardAtMs = performance.now()
        const frame = JSON.parse(String(data)) as ServerFrame
        switch (frame.type) {
          case 'authenticated':
            if (send === undefined) {
              ready()
              send = tellServer
              for (const [id, to] of subscriptions) tellServer({ type: 'subscribe', id, to: to() })
            }
            clearTimeout(renewal)
            // without a plan the connection ends with the token, and the next one says why
            planRenewal().catch(() => {})
            return
          case 'problem':
            return end(frame.problem)
          case 'pong':
            return
          case 'execution':
          case 'output':
          case 'log':
          case 'changed':
            if (subscriptions.has(frame.id)) hear(frame)
        }
      })
    })

  return { subscribe, unsubscribe, run, stop: () => stopped.abort() }
}

/** The server is there but cannot serve now: the same as a cut. */
const isPassing = ({ code }: Problem) => code === 'unavailable' || code === 'rate_limited' || code === 'internal'

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
