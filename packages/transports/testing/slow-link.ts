import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface SlowLink extends AsyncDisposable {
  readonly address: { host: string; port: number }
  /** Connections that went through it, ever. */
  connections(): number
  /** From now on; half of it in each direction. */
  setRoundTripMs(ms: number): void
  /** Cuts every connection without a goodbye. */
  cut(): void
}

/** A TCP proxy on a free loopback port that holds back what passes, in order, as a long line would. */
export const startSlowLink = async (to: { host: string; port: number }, roundTripMs: number): Promise<SlowLink> => {
  let delayMs = roundTripMs / 2
  let count = 0
  const sockets = new Set<Socket>()

  const carry = (from: Socket, to: Socket): void => {
    sockets.add(from)
    // one clock for both ends of a direction: what came later also leaves later
    from.on('data', (bytes) => void setTimeout(() => to.write(bytes), delayMs))
    from.on('end', () => void setTimeout(() => to.end(), delayMs))
    from.on('close', () => {
      sockets.delete(from)
      setTimeout(() => to.destroy(), delayMs)
    })
    from.on('error', () => {})
  }
  const server = createServer({ noDelay: true }, (near) => {
    count++
    const far = connect({ ...to, noDelay: true })
    carry(near, far)
    carry(far, near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    connections: () => count,
    setRoundTripMs: (ms) => {
      delayMs = ms / 2
    },
    cut,
    [Symbol.asyncDispose]: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
