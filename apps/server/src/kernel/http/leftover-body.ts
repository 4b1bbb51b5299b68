import type { IncomingMessage } from 'node:http'

const patienceMs = 5_000

/**
 * Reads what a client still sends of a body that is refused already, and throws it away. Whoever writes into a
 * connection that we close gets a reset, and never sees our answer (RFC 9112 §9.6). Gives up after some seconds.
 */
export const readAway = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    if (request.readableEnded || request.destroyed) return resolve()
    const done = () => {
      clearTimeout(tooLong)
      resolve()
    }
    const tooLong = setTimeout(done, patienceMs)
    request.once('end', done).once('close', done).resume()
  })
