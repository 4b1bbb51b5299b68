import { Duplex } from 'node:stream'
import type { Channel } from './channel.ts'

/** A channel as a stream, for what is to be spoken through it. */
export const tunnelStream = (channel: Channel): Duplex => {
  const { stdout } = channel
  const duplex = new Duplex({
    allowHalfOpen: false,
    read: () => void stdout.resume(),
    write: (bytes: Buffer, _encoding, done) => {
      const hand = async (): Promise<void> => {
        await channel.write(bytes)
        done()
      }
      void hand()
    },
    final: (done) => {
      channel.eof()
      done()
    },
    destroy: (error, done) => {
      channel.close()
      stdout.resume()
      done(error)
    },
  })
  stdout.on('data', (bytes: Buffer) => {
    if (!duplex.push(bytes)) stdout.pause()
  })
  stdout.on('end', () => duplex.push(null))
  channel.stderr.resume()
  channel.onClosed(() => {
    // a write that waits for room would wait for ever
    if (!duplex.readableEnded) stdout.once('end', () => duplex.destroy())
    else duplex.destroy()
  })
  return duplex
}
