import type { Duplex } from 'node:stream'

/**
 * Makes one write of what is written within one turn of the event loop. ssh2 writes each packet by itself, and a
 * system call (on the other side a wake-up) for each is a good part of what a handshake and a short command cost.
 */
export const gatherWrites = (stream: Duplex): void => {
  const write = stream.write.bind(stream)
  let isGathering = false
  const release = (): void => {
    isGathering = false
    stream.uncork()
  }
  stream.write = ((...given: Parameters<typeof write>) => {
    if (!isGathering) {
      isGathering = true
      stream.cork()
      setImmediate(release)
    }
    return write(...given)
  }) as typeof stream.write
}
