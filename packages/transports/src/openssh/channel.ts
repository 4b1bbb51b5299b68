import { Readable } from 'node:stream'
import type { ProgramEnd } from '../posix/program.ts'
import { messages, PACKET_BYTES, WINDOW_BYTES } from './messages.ts'

/** An open channel (RFC 4254 §5), ours on this side and the server's on the other. */
export interface Channel {
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when all of it was sent as the window allowed; never when the channel is gone first. */
  write(bytes: Uint8Array): Promise<void>
  /** No more comes from us; only after the last `write`. */
  eof(): void
  close(): void
  /** Sends the request for a command; resolves with whether the server took it. */
  exec(commandLine: string): Promise<boolean>
  /** Lets so many bytes of the input follow the request unasked; see writeAhead of ssh2. */
  writeAhead(bytes: number): void
  /** The exit status, once one came. */
  readonly exited: Promise<ProgramEnd>
  end(): ProgramEnd | undefined
  isClosed(): boolean
  /** Called once when nothing more can come. */
  onClosed(listener: () => void): void
}

/** What the connection tells a channel. */
export type ChannelInbox = {
  data: (stream: 'stdout' | 'stderr', bytes: Buffer) => void
  eof: () => void
  /** The other side closed it, or the connection is over. */
  closed: () => void
  adjust: (bytes: number) => void
  answered: (isTaken: boolean) => void
  exit: (end: ProgramEnd) => void
}

export type Peer = { id: number; windowBytes: number; packetBytes: number }

export const createChannel = (
  peer: Peer,
  send: (packet: Buffer) => void,
): { channel: Channel; inbox: ChannelInbox } => {
  let window = peer.windowBytes
  let debt = 0
  const packetBytes = Math.min(peer.packetBytes, PACKET_BYTES)
  let unread = 0 // bytes of the window the other side has used up
  let isClosed = false
  let isCloseSent = false
  let status: ProgramEnd | undefined
  const exited = Promise.withResolvers<ProgramEnd>()
  const waiting: { bytes: Uint8Array; sent: () => void }[] = []
  const requests: ((isTaken: boolean) => void)[] = []
  const listeners: (() => void)[] = []

  const giveBackWindow = (): void => {
    if (isClosed || isCloseSent || unread < WINDOW_BYTES / 2) return
    send(messages.adjust(peer.id, unread))
    unread = 0
  }
  const newStream = (): Readable => {
    const stream = new Readable({ highWaterMark: WINDOW_BYTES, read: giveBackWindow })
    stream.on('error', () => {}) // a stream destroyed by its reader
    return stream
  }
  const streams = { stdout: newStream(), stderr: newStream() }

  const pump = (): void => {
    if (isClosed || isCloseSent) return
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const bytes = Math.min(window, packetBytes, first.bytes.length)
      if (bytes === 0 && first.bytes.length > 0) return
      window -= bytes
      if (bytes > 0) send(messages.data(peer.id, first.bytes.subarray(0, bytes)))
      first.bytes = first.bytes.subarray(bytes)
      if (first.bytes.length > 0) continue
      waiting.shift()
      first.sent()
    }
  }
  const sendClose = (): void => {
    if (isCloseSent) return
    isCloseSent = true
    send(messages.close(peer.id))
  }

  const inbox: ChannelInbox = {
    data(stream, bytes) {
      unread += bytes.length
      // the bytes are a part of what the socket gave: kept alone, they would keep all of it
      if (streams[stream].push(bytes)) giveBackWindow()
    },
    eof: () => {
      streams.stdout.push(null)
      streams.stderr.push(null)
    },
    closed() {
      if (isClosed) return
      sendClose()
      isClosed = true
      for (const stream of [streams.stdout, streams.stderr]) if (!stream.readableEnded) stream.push(null)
      for (const answer of requests.splice(0)) answer(false)
      for (const listener of listeners) listener()
    },
    adjust(bytes) {
      window += bytes - debt
      debt = 0
      pump()
    },
    answered: (isTaken) => requests.shift()?.(isTaken),
    exit(end) {
      status = end
      exited.resolve(end)
    },
  }
  const channel: Channel = {
    ...streams,
    write: (bytes) =>
      new Promise((resolve) => {
        waiting.push({ bytes, sent: resolve })
        pump()
      }),
    eof: () => {
      if (!isCloseSent && !isClosed) send(messages.eof(peer.id))
    },
    close: () => {
      if (!isClosed) sendClose()
    },
    writeAhead(bytes) {
      if (window > 0) return
      window = bytes
      debt = bytes
    },
    exec: (commandLine) =>
      new Promise((resolve) => {
        if (isClosed) return resolve(false)
        requests.push(resolve)
        send(messages.exec(peer.id, commandLine))
      }),
    exited: exited.promise,
    end: () => status,
    isClosed: () => isClosed,
    onClosed: (listener) => {
      if (isClosed) listener()
      else listeners.push(listener)
    },
  }
  return { channel, inbox }
}
