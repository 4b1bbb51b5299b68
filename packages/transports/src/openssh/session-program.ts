import type { TransportError } from '../fault.ts'
import { endOfClosed, type Program, type ProgramEnd } from '../posix/program.ts'
import type { Channel } from './channel.ts'

/** A session channel on which a command was started, as a Program. See channelProgram. */
export const sessionProgram = (
  channel: Channel,
  lostReason: () => string | undefined,
  refused: Promise<TransportError> = new Promise(() => {}),
): Program => {
  const { stdout, stderr } = channel
  // the exit status comes after the end of the outputs and before the channel is closed
  const over = [
    ...[stdout, stderr].map((stream) => new Promise<void>((resolve) => stream.once('close', resolve))),
    new Promise<void>((resolve) => channel.onClosed(resolve)),
  ]
  const closed = Promise.race([
    refused.then((notStarted): ProgramEnd => ({ notStarted })),
    Promise.all(over).then((): ProgramEnd => endOfClosed(channel.end(), lostReason())),
  ])
  return {
    stdout,
    stderr,
    write: (input) => channel.write(typeof input === 'string' ? Buffer.from(input) : input),
    end: () => channel.eof(),
    exited: channel.exited,
    closed,
    close() {
      channel.close()
      // what still comes is dropped, so that the channel can end
      stdout.resume()
      stderr.resume()
    },
  }
}
