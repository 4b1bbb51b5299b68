import type { ClientChannel } from 'ssh2'
import type { TransportError } from '../fault.ts'
import { endOfClosed, type Program, type ProgramEnd } from '../posix/program.ts'

/**
 * A session channel as a Program. `lostReason` tells why the connection ended, if it did; `refused` resolves when the
 * server does not start it after all.
 */
export const channelProgram = (
  channel: ClientChannel,
  lostReason: () => string | undefined,
  refused: Promise<TransportError> = new Promise(() => {}),
): Program => {
  const exited = Promise.withResolvers<ProgramEnd>()
  let end: ProgramEnd | undefined

  channel.once('exit', (code: number | null, signal?: string, isCoreDumped?: boolean) => {
    // RFC 4254 §6.10: one of the two, or none
    if (code !== null) end = { exitCode: code }
    else if (signal !== undefined) end = { signal: signal.replace(/^SIG/, ''), isCoreDumped: isCoreDumped === true }
    if (end !== undefined) exited.resolve(end)
  })

  // 'close' comes for each output when its last byte was read; the exit status may come between the two
  const outputClosed = new Promise<void>((resolve) => channel.once('close', () => resolve()))
  const errorClosed = new Promise<void>((resolve) => channel.stderr.once('close', () => resolve()))
  const closed = Promise.race([
    refused.then((notStarted): ProgramEnd => ({ notStarted })),
    Promise.all([outputClosed, errorClosed]).then((): ProgramEnd => endOfClosed(end, lostReason())),
  ])
  channel.on('error', () => {}) // 'close' follows and says enough

  return {
    stdout: channel,
    stderr: channel.stderr,
    write: (input) => new Promise((resolve) => channel.write(input, () => resolve())),
    // eof instead of end(): an ended channel would destroy itself at the end of its output, before the exit status
    end: () => channel.eof(),
    exited: exited.promise,
    closed,
    close() {
      channel.close()
      // what still comes is dropped, so that the channel can end
      channel.resume()
      channel.stderr.resume()
    },
  }
}
