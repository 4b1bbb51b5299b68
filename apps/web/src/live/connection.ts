import type { ClientFrame, ServerFrame, Subscription } from '@opsconductor/contract'
import { type Timer, backoffMs, repeat, wait } from './timers.ts'

export type LiveStatus = 'idle' | 'connecting' | 'open' | 'down'
/** What a subscription hears. */
export type LiveFrame = Exclude<ServerFrame, { type: 'authenticated' | 'pong' }>

type Needs = {
  url: string
  /** A good access token, or undefined when nobody is logged in. */
  accessToken: () => Promise<string | undefined>
  /** Milliseconds until that token should be replaced. */
  renewInMs: () => number
}

const pingEveryMs = 20_000
/** Without any frame for so long the wire is taken for dead: a laptop that slept does not hear of a closed socket. */
const silentAfterMs = 45_000
const lingerMs = 5_000
/** A connection that has lasted so long was a good one: after a cut the next attempt comes soon. */
const steadyAfterMs = 10_000

/**
 * One WebSocket for the whole tab. It opens with the first subscription and closes some time after the last, says who
 * we are in its first frame and again before the token ends, and when it is cut comes back by itself and asks for what
 * every subscription has missed since the last number seen.
 */
export const createLive = ({ url, accessToken, renewInMs }: Needs) => {
  const subscriptions = new Map<string, { to: Subscription; onFrame: (frame: LiveFrame) => void }>()
  const watchers = new Set<() => void>()
  let status: LiveStatus = 'idle'
  let socket: WebSocket | undefined
  let attempts = 0
  let names = 0
  let lastHeardMs = 0
  let timers: Timer[] = []

  const become = (next: LiveStatus) => {
    if (status === next) return
    status = next
    for (const watcher of watchers) watcher()
  }
  const send = (frame: ClientFrame) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame))
  }
  const stopTimers = () => {
    for (const timer of timers) timer.stop()
    timers = []
  }
  const retry = () => {
    stopTimers()
    socket = undefined
    if (subscriptions.size === 0) return become('idle')
    become('down')
    timers.push(wait(backoffMs(attempts++), connect))
  }
  const authenticate = async () => {
    const token = await accessToken()
    if (token === undefined) socket?.close()
    else send({ type: 'authenticate', accessToken: token })
  }
  /** Where the token cannot be had now, the cut that follows leads to the next attempt. */
  const authenticateOrCut = () => void authenticate().catch(() => socket?.close())

  const greet = () => {
    stopTimers()
    timers.push(wait(steadyAfterMs, () => (attempts = 0)))
    timers.push(wait(Math.max(renewInMs(), 1_000), authenticateOrCut))
    timers.push(
      repeat(pingEveryMs, () => {
        if (performance.now() - lastHeardMs > silentAfterMs) socket?.close()
        else send({ type: 'ping' })
      }),
    )
    // after a renewal on the same connection the subscriptions are still there
    if (status === 'open') return
    const wasCut = status === 'down'
    become('open')
    for (const [id, { to, onFrame }] of subscriptions) {
      send({ type: 'subscribe', id, to })
      // topics of lists have no numbers to resume from: whatever changed during the cut, it may have
      if (wasCut && !('from' in to)) onFrame({ type: 'changed', id })
    }
  }

  const hear = (frame: ServerFrame) => {
    if (frame.type === 'authenticated') return greet()
    if (frame.type === 'pong') return undefined
    if (frame.type === 'problem' && frame.id === undefined) {
      const { code } = frame.problem
      return code === 'token_expired' || code === 'unauthenticated' ? authenticateOrCut() : socket?.close()
    }
    // a subscription that failed at the server is not there: the next connection asks for it again
    if (frame.type === 'problem' && frame.problem.status >= 500) return socket?.close()
    const subscription = subscriptions.get(frame.id ?? '')
    if (subscription === undefined) return undefined
    if ('seq' in frame && 'from' in subscription.to) subscription.to = { ...subscription.to, from: frame.seq }
    return subscription.onFrame(frame)
  }

  const connect = () => {
    if (socket !== undefined || subscriptions.size === 0) return
    stopTimers()
    become(status === 'down' ? 'down' : 'connecting')
    const opening = new WebSocket(url)
    socket = opening
    opening.addEventListener('open', authenticateOrCut)
    opening.addEventListener('message', ({ data }: MessageEvent<string>) => {
      lastHeardMs = performance.now()
      hear(JSON.parse(data) as ServerFrame)
    })
    opening.addEventListener('close', () => {
      if (socket === opening) retry()
    })
  }

  const wake = () => {
    if (status !== 'down' || document.visibilityState === 'hidden') return
    attempts = 0
    connect()
  }
  window.addEventListener('online', wake)
  document.addEventListener('visibilitychange', wake)

  return {
    status: () => status,
    watch: (watcher: () => void) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    /** Frames of one subscription, in order and without gaps also across cuts. Gives back how to end it. */
    subscribe: (to: Subscription, onFrame: (frame: LiveFrame) => void) => {
      const id = `s${++names}`
      subscriptions.set(id, { to, onFrame })
      if (status === 'open') send({ type: 'subscribe', id, to })
      else connect()
      return () => {
        subscriptions.delete(id)
        send({ type: 'unsubscribe', id })
        if (subscriptions.size > 0) return
        wait(lingerMs, () => {
          if (subscriptions.size === 0) socket?.close()
        })
      }
    },
  }
}

export type Live = ReturnType<typeof createLive>
