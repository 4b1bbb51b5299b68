import { cancelled, TransportError } from '../fault.ts'
import type { Program } from '../posix/program.ts'
import { createDeadline, sleep, unlessAborted } from '../wait.ts'
import { channelProgram } from './channel-program.ts'
import { placeName, type SshAddress } from './dial.ts'
import type { LoggedIn } from './handshake.ts'
import type { HostKey } from './host-key.ts'

/** The channel could not be opened; nothing of the command ran, and another connection may do better. */
export class ChannelRefused extends Error {
  /** `full`: the server has no room for one more (MaxSessions). `lost`: the connection is gone. */
  readonly because: 'full' | 'lost'
  constructor(because: 'full' | 'lost', cause: unknown) {
    super(`no channel: ${because}`, { cause })
    this.because = because
  }
}

export interface Connection {
  readonly hostKey: HostKey
  isOpen(): boolean
  /** Channels in use, those reserved included. */
  channels(): number
  /** Takes a place for one channel, to be used by `open` at once. */
  reserve(): void
  /** Opens the channel reserved before. Rejects with ChannelRefused, or with a TransportError that says `started: false`. */
  open(commandLine: string, signal: AbortSignal): Promise<Program>
  /** Ends it after a goodbye; channels still open end as lost, for `reason`. */
  close(reason: string): void
}

export type ConnectionEvents = {
  onChannelFree: () => void
  /** The server refused one more besides `others`; comes before that place is free again. */
  onFull: (others: number) => void
  onClosed: () => void
}

const GOODBYE_MS = 1_000

export const createConnection = (
  { client, hostKey }: LoggedIn,
  address: SshAddress,
  openTimeoutMs: number,
  { onChannelFree, onFull, onClosed }: ConnectionEvents,
): Connection => {
  let isOpen = true
  let channels = 0
  let lostReason: string | undefined

  client.on('error', (error: Error & { level?: string }) => {
    lostReason ??=
      error.level === 'client-timeout'
        ? `${placeName(address)} no longer answered; the connection was given up.`
        : `The connection to ${placeName(address)} broke: ${error.message}.`
  })
  const end = (): void => {
    if (!isOpen) return
    isOpen = false
    lostReason ??= `${placeName(address)} ended the connection.`
    onClosed()
  }
  client.on('end', end)
  client.on('close', end)

  const free = (): void => {
    channels--
    onChannelFree()
  }

  // All listeners are set within the callback: the exit status may be in the same packet as the answer.
  const exec = (commandLine: string): Promise<Program> =>
    new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        const failure = failureOf(error)
        if (failure instanceof ChannelRefused && failure.because === 'full') onFull(channels - 1)
        free()
        reject(failure)
      }
      try {
        client.exec(commandLine, (error, channel) => {
          if (error !== undefined) return fail(error)
          channel.once('close', free) // counted for as long as the server counts it
          resolve(channelProgram(channel, () => lostReason))
        })
      } catch (error) {
        fail(error)
      }
    })

  const failureOf = (error: unknown): Error => {
    if (!isOpen || isLoss(error)) return new ChannelRefused('lost', error)
    if (error instanceof Error && error.message === 'Unable to exec')
      return new TransportError(
        'protocol',
        'command',
        `${placeName(address)} does not let this account run commands. Check its shell and its rights in sshd_config.`,
        { ...address, started: false },
        error,
      )
    return new ChannelRefused('full', error)
  }

  return {
    hostKey,
    isOpen: () => isOpen,
    channels: () => channels,
    reserve() {
      channels++
    },
    async open(commandLine, signal) {
      const opening = exec(commandLine)
      using deadline = createDeadline(openTimeoutMs, signal)
      const tooLate = (): Error =>
        deadline.cause() === 'cancelled'
          ? cancelled('command', address)
          : new ChannelRefused('lost', `no channel within ${openTimeoutMs} ms`)
      try {
        return await unlessAborted(opening, deadline.signal, tooLate)
      } catch (error) {
        if (deadline.signal.aborted) {
          // what comes too late is closed without its input, so that nothing of the command runs
          opening.then((program) => program.close()).catch(() => {})
          if (deadline.cause() === 'timeout') {
            lostReason ??= `${placeName(address)} did not open a channel within ${openTimeoutMs / 1000} s.`
            client.destroy()
          }
        }
        throw error
      }
    },
    close(reason) {
      lostReason ??= reason
      client.end()
      void sleep(GOODBYE_MS).then(() => client.destroy())
    },
  }
}

const isLoss = (error: unknown): boolean =>
  error instanceof Error && /not connected|no response from server|channel is not open/i.test(error.message)
