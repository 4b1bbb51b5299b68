import type { Duplex } from 'node:stream'
import type { Program } from '../posix/program.ts'
import type { SshAddress } from './dial.ts'
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

/** A session channel that is open and waits for its command. */
export interface Session {
  /** Closed before a command was named. */
  isClosed(): boolean
  /**
   * Names the command. Where the server is known to take what follows at once and was heard of a moment ago, its answer
   * is not waited for, which saves a round trip; a refusal is `notStarted` of the program's end then. Otherwise rejects
   * with ChannelRefused when the channel is gone, with a TransportError when the server does not let this account run
   * commands. `onClosed` is called when the channel no longer counts.
   */
  exec(commandLine: string, onClosed: () => void): Promise<Program>
}

/**
 * The connection protocol (RFC 4254) over one logged-in connection, whoever speaks it: ssh2 itself, or we with an
 * OpenSSH master.
 */
export interface Channels {
  readonly hostKey: HostKey
  /** Opens a session channel: a round trip. Rejects with ChannelRefused. */
  openSession(): Promise<Session>
  /** A stream to another address, as seen from the target (direct-tcpip). Rejects with a TransportError. */
  openTunnel(to: SshAddress): Promise<Duplex>
  /** Whether an open channel without a command does no harm while others are in use. */
  readonly isSpareHarmless: boolean
  /** Resolves once the connection is over, with the reason where one is known. Never rejects. */
  readonly over: Promise<string | undefined>
  /** Says goodbye. */
  end(): void
  /** Ends it without a word. */
  destroy(): void
  /** Where OpenSSH's own master listens, for connections through it. */
  readonly controlPath?: string
}
