import { createSecretKey } from 'node:crypto'
import type { Client, ClientChannel } from 'ssh2'

// The only file that touches what ssh2 (1.17, pinned) does not show. Where it is not as expected, ssh2's own way is taken.

type Protocol = {
  exec(recipient: number, commandLine: string, wantReply: boolean): void
  authPK(username: string, key: SigningKey, algorithm?: string | Signing, signing?: Signing): void
}
type Keyed = Record<string, unknown>
type GlobalRequest = (protocol: unknown, name: string, wantReply: boolean, data: unknown) => void
type Inside = Protocol & {
  _cipher?: Keyed
  _decipher?: Keyed
  _handlers?: { GLOBAL_REQUEST?: GlobalRequest }
}
type SigningKey = { sign(data: Buffer, hash?: string): Buffer | Error; isPrivateKey(): boolean }
type Signing = (data: Buffer, done: (signature: Buffer) => void) => void

type Channels = { _chanMgr?: { _channels?: Record<number, unknown> } }

/** The open channel that the server calls `recipient`; ssh2 itself gives it out only when the command was taken. */
const channelOf = (client: Client, recipient: number): ClientChannel | undefined =>
  Object.values((client as unknown as Channels)._chanMgr?._channels ?? {}).find(
    (channel): channel is ClientChannel =>
      typeof channel === 'object' &&
      channel !== null &&
      'outgoing' in channel &&
      (channel.outgoing as { id?: number }).id === recipient,
  )

const protocolOf = (client: Client): Inside | undefined => (client as unknown as { _protocol?: Inside })._protocol

/** A session channel that is open and waits for its command. `channel` is there where ssh2 is as expected. */
export type HeldSession = { exec: (commandLine: string) => void; channel: ClientChannel | undefined }

export type SessionEvents = {
  onOpen: (session: HeldSession) => void
  /** Called in the very moment the answer is read: the exit status may be in the same packet. */
  onStarted: (channel: ClientChannel) => void
  /** The channel could not be opened, was closed while it waited, or the command was not taken. */
  onFailed: (error: Error) => void
}

export type Sessions = { open(events: SessionEvents): void }

/**
 * Parts ssh2's `exec` into its two round trips, opening the channel and naming the command, so that the first can be
 * made in advance: the request that ssh2 would send at once is held back until there is a command.
 */
export const createSessions = (client: Client): Sessions => {
  const protocol = protocolOf(client)
  const held = new Map<string, (session: HeldSession) => void>()
  const exec = protocol?.exec.bind(protocol)
  let number = 0
  if (protocol !== undefined && exec !== undefined)
    protocol.exec = (recipient, commandLine, wantReply) => {
      const hold = held.get(commandLine)
      if (hold === undefined) return exec(recipient, commandLine, wantReply)
      held.delete(commandLine)
      hold({
        exec: (commandLine) => exec(recipient, commandLine, wantReply),
        channel: channelOf(client, recipient),
      })
    }
  return {
    open({ onOpen, onStarted, onFailed }) {
      const name = `held ${++number}`
      held.set(name, onOpen)
      client.exec(name, (error, channel) => {
        held.delete(name)
        if (error === undefined) onStarted(channel)
        else onFailed(error)
      })
    },
  }
}

/**
 * Lets the first bytes of the input follow the request for a command at once. OpenSSH's server announces a window of 0
 * for a session, and opens it while it takes the request (sshd's session_set_fds), before it reads what follows: so
 * what is sent on trust is within the window by then. The window that is announced later is lessened by as much.
 */
export const writeAhead = (channel: ClientChannel, bytes: number): void => {
  const { outgoing } = channel as unknown as { outgoing?: { window?: number } }
  if (outgoing === undefined || outgoing.window !== 0) return
  let window = bytes
  let debt = bytes
  Object.defineProperty(outgoing, 'window', {
    get: () => window,
    set: (next: number) => {
      const isOpened = next > window
      window = isOpened ? next - debt : next
      if (isOpened) debt = 0
    },
  })
}

const hashOf: Record<string, string> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512', 'ssh-rsa': 'sha1' }

/**
 * Sends a key's signature with the first request (RFC 4252 §7 allows it): asking first whether the key would do costs a
 * round trip, and makes the server look twice.
 */
export const signAtOnce = (client: Client): void => {
  const protocol = protocolOf(client)
  const authPK = protocol?.authPK.bind(protocol)
  if (protocol === undefined || authPK === undefined) return
  protocol.authPK = (username, key, algorithm, signing) => {
    const isQuestion = signing === undefined && typeof algorithm !== 'function'
    if (!isQuestion || !key.isPrivateKey()) return authPK(username, key, algorithm, signing)
    authPK(username, key, algorithm, (data, done) => {
      const signed = key.sign(data, algorithm === undefined ? undefined : hashOf[algorithm])
      if (signed instanceof Error) throw signed
      done(signed)
    })
  }
}

/**
 * Leaves out what costs time and gives us nothing.
 *
 * OpenSSH offers all its host keys after the log-in (PROTOCOL, section 2.5). ssh2 would have each proved: a round trip, a
 * signature of the server for each, and its verification here, for keys nobody looks at.
 *
 * AES-GCM is set up anew for each packet; from a key that is a Buffer that takes Node five times as long as from a
 * KeyObject.
 */
export const quicken = (client: Client): void => {
  const protocol = protocolOf(client)
  const handlers = protocol?._handlers
  const handle = handlers?.GLOBAL_REQUEST
  if (handlers !== undefined && handle !== undefined)
    handlers.GLOBAL_REQUEST = (from, name, wantReply, data) => {
      if (name !== 'hostkeys-00@openssh.com' || wantReply) handle(from, name, wantReply, data)
    }
  const keyed = (holder: Keyed | undefined, name: string): void => {
    const key = holder?.[name]
    if (holder !== undefined && Buffer.isBuffer(key)) holder[name] = createSecretKey(key)
  }
  const rekeyed = (): void => {
    keyed(protocol?._cipher, '_encKey')
    keyed(protocol?._decipher, '_decipherKey')
  }
  client.on('handshake', rekeyed)
  client.on('ready', rekeyed)
}
