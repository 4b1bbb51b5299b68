import type { Duplex } from 'node:stream'
import { cancelled } from '../fault.ts'
import type { Program } from '../posix/program.ts'
import { createDeadline, sleep, unlessAborted } from '../wait.ts'
import { ChannelRefused, type Channels } from './channels.ts'
import { placeName, type SshAddress } from './dial.ts'
import type { HostKey } from './host-key.ts'
import { createSpareSessions, type OpeningTime } from './spare-session.ts'

export interface Connection {
  readonly address: SshAddress
  readonly hostKey: HostKey
  /** The keys of the jump hosts it goes through, the nearest to us first. */
  readonly hopKeys: readonly HostKey[]
  /** See Channels. */
  readonly controlPath: string | undefined
  isOpen(): boolean
  /** Channels in use, those reserved included. */
  channels(): number
  /** Takes a place for one channel, to be used by `open` at once. */
  reserve(): void
  /** Opens the channel reserved before. Rejects with ChannelRefused, or with a TransportError that says `started: false`. */
  open(commandLine: string, signal: AbortSignal, isTraceable: boolean): Promise<Program>
  /** A stream to another address, as seen from the target; takes no place. Rejects with a TransportError. */
  tunnel(to: SshAddress): Promise<Duplex>
  /** Ends it after a goodbye; channels still open end as lost, for `reason`. */
  close(reason: string): void
}

export type ConnectionEvents = {
  onChannelFree: () => void
  /** The server refused one more besides `others`; comes before that place is free again. */
  onFull: (others: number) => void
  onClosed: () => void
}

export type ConnectionSettings = {
  address: SshAddress
  /** For opening a channel. */
  openTimeoutMs: number
  times: OpeningTime
  hopKeys: readonly HostKey[]
}

/** Why the connection was given up, for the channels that end with it. */
export type LostReason = { value: string | undefined }

const GOODBYE_MS = 1_000

export const createConnection = (
  channels: Channels,
  lost: LostReason,
  { address, openTimeoutMs, times, hopKeys }: ConnectionSettings,
  { onChannelFree, onFull, onClosed }: ConnectionEvents,
): Connection => {
  let isOpen = true
  let inUse = 0
  const spare = createSpareSessions(() => channels.openSession(), times, channels.isSpareHarmless)

  const watchEnd = async (): Promise<void> => {
    const reason = await channels.over
    isOpen = false
    lost.value ??= reason ?? `${placeName(address)} ended the connection.`
    onClosed()
  }
  void watchEnd()

  const refill = (): void => {
    if (isOpen && lost.value === undefined && times.isSpareUsed === true) spare.refill(inUse)
  }
  refill() // where it is known from before that a round trip takes time
  const free = (): void => {
    inUse--
    onChannelFree()
    refill()
  }

  const exec = async (commandLine: string, isTraceable: boolean, isWanted: () => boolean): Promise<Program> => {
    let isCounted = false
    try {
      // a channel opened for this very command has just shown that the connection lives; a spare one has not
      if (isTraceable) times.isSpareUsed = true
      const session = await (isTraceable ? spare.take() : spare.openNew())
      if (!isWanted()) {
        spare.putBack(session)
        throw cancelled('command', address)
      }
      const starting = session.exec(commandLine, free)
      isCounted = true // by the channel, which calls `free` whatever becomes of it
      refill()
      return await starting
    } catch (error) {
      if (error instanceof ChannelRefused && error.because === 'full') onFull(inUse - 1)
      if (!isCounted) free()
      throw error
    }
  }

  return {
    address,
    hostKey: channels.hostKey,
    hopKeys,
    controlPath: channels.controlPath,
    isOpen: () => isOpen,
    channels: () => inUse,
    reserve() {
      inUse++
    },
    async open(commandLine, signal, isTraceable) {
      using deadline = createDeadline(openTimeoutMs, signal)
      const opening = exec(commandLine, isTraceable, () => !deadline.signal.aborted)
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
            lost.value ??= `${placeName(address)} did not open a channel within ${openTimeoutMs / 1000} s.`
            channels.destroy()
          }
        }
        throw error
      }
    },
    tunnel: (to) => channels.openTunnel(to),
    close(reason) {
      lost.value ??= reason
      channels.end()
      void sleep(GOODBYE_MS).then(() => channels.destroy())
    },
  }
}
