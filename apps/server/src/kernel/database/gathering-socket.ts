import { Socket } from 'node:net'

/**
 * A socket that makes one write of all that is written in one moment. A system call for each statement, and a wake-up on
 * the other side, would cost more than most of our statements do.
 */
export const gatheringSocket = (): Socket => {
  const socket = new Socket()
  const write = socket.write.bind(socket)
  let isGathering = false
  const release = () => {
    isGathering = false
    socket.uncork()
  }
  socket.write = ((...given: Parameters<typeof write>) => {
    if (!isGathering) {
      isGathering = true
      socket.cork()
      process.nextTick(release) // when nobody has more to say: promises that can go on have gone on by then
    }
    return write(...given)
  }) as typeof socket.write
  return socket
}
