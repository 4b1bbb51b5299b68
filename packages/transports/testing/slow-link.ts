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
  /** Nothing passes any more over the connections there are, and neither side is told; new ones work. */
  silence(): void
}

/** A TCP proxy on a free loopback port that holds back what passes, in order, as a long line would. */
export const startSlowLink = async (to: { host: string; port: number }, roundTripMs: number): Promise<SlowLink> => {
  let delayMs = roundTripMs / 2
  let count = 0
  const sockets = new Set<Socket>()
  const silent = new WeakSet<Socket>()

  const carry = (from: Socket, to: Socket): void => {
    const later = (act: () => void): void => void setTimeout(() => silent.has(from) || act(), delayMs)
    sockets.add(from)
    // one clock for both ends of a direction: what came later also leaves later
    from.on('data', (bytes) => later(() => to.write(bytes)))
    from.on('end', () => later(() => to.end()))
    from.on('close', () => {
      sockets.delete(from)
      later(() => to.destroy())
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
    silence: () => {
      for (const socket of sockets) silent.add(socket)
    },
    [Symbol.asyncDispose]: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
