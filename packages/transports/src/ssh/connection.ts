import type { Client, ClientChannel } from 'ssh2'
import { cancelled, TransportError, type FaultDetails } from '../fault.ts'
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

export type ConnectionEvents = { onChannelFree: () => void; onClosed: () => void }

const GOODBYE_MS = 1_000

export const createConnection = (
  { client, hostKey }: LoggedIn,
  address: SshAddress,
  openTimeoutMs: number,
  { onChannelFree, onClosed }: ConnectionEvents,
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

  const exec = (commandLine: string): Promise<ClientChannel> =>
    new Promise((resolve, reject) => {
      client.exec(commandLine, (error, channel) => (error === undefined ? resolve(channel) : reject(error)))
    })

  return {
    hostKey,
    isOpen: () => isOpen,
    channels: () => channels,
    reserve() {
      channels++
    },
    async open(commandLine, signal) {
      const opening = exec(commandLine)
      // counted for as long as the server counts it
      opening.then(
        (channel) => channel.once('close', free),
        () => free(),
      )
      using deadline = createDeadline(openTimeoutMs, signal)
      const details: FaultDetails = { ...address, started: false }
      try {
        const channel = await unlessAborted(opening, deadline.signal, () =>
          deadline.cause() === 'cancelled' ? cancelled('command', details) : new ChannelRefused('lost', 'no answer'),
        )
        return channelProgram(channel, () => lostReason)
      } catch (error) {
        if (error instanceof TransportError) {
          // comes too late: closed without its input, so that nothing of the command runs
          opening.then((channel) => letGo(channel)).catch(() => {})
          throw error
        }
        if (error instanceof ChannelRefused) {
          lostReason ??= `${placeName(address)} did not open a channel within ${openTimeoutMs / 1000} s.`
          dropNow(client)
          throw error
        }
        if (!isOpen || isLoss(error)) throw new ChannelRefused('lost', error)
        if (error instanceof Error && error.message === 'Unable to exec')
          throw new TransportError(
            'protocol',
            'command',
            `${placeName(address)} does not let this account run commands. Check its shell and its rights in sshd_config.`,
            details,
            error,
          )
        throw new ChannelRefused('full', error)
      }
    },
    close(reason) {
      lostReason ??= reason
      client.end()
      void sleep(GOODBYE_MS).then(() => dropNow(client))
    },
  }
}

const isLoss = (error: unknown): boolean =>
  error instanceof Error && /not connected|no response from server|channel is not open/i.test(error.message)

const dropNow = (client: Client): void => void client.destroy()

const letGo = (channel: ClientChannel): void => {
  channel.close()
  channel.resume()
  channel.stderr.resume()
}
