import { text, uint32 } from './packets.ts'

/** RFC 4254 §9 */
export const MESSAGE = {
  GLOBAL_REQUEST: 80,
  REQUEST_FAILURE: 82,
  CHANNEL_OPEN: 90,
  CHANNEL_OPEN_CONFIRMATION: 91,
  CHANNEL_OPEN_FAILURE: 92,
  CHANNEL_WINDOW_ADJUST: 93,
  CHANNEL_DATA: 94,
  CHANNEL_EXTENDED_DATA: 95,
  CHANNEL_EOF: 96,
  CHANNEL_CLOSE: 97,
  CHANNEL_REQUEST: 98,
  CHANNEL_SUCCESS: 99,
  CHANNEL_FAILURE: 100,
} as const

/** What may be under way unread per channel, as OpenSSH has it. */
export const WINDOW_BYTES = 2 * 1024 * 1024
export const PACKET_BYTES = 32 * 1024

// in proxy mode a packet is its length, a byte of padding length (0), its type, and the rest
const packet = (type: number, ...parts: Buffer[]): Buffer => {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0)
  const head = Buffer.allocUnsafe(6)
  head.writeUInt32BE(2 + bytes)
  head.writeUInt8(0, 4)
  head.writeUInt8(type, 5)
  return Buffer.concat([head, ...parts], 6 + bytes)
}

const openChannel = (type: string, id: number, ...more: Buffer[]): Buffer =>
  packet(MESSAGE.CHANNEL_OPEN, text(type), uint32(id), uint32(WINDOW_BYTES), uint32(PACKET_BYTES), ...more)

export const messages = {
  openSession: (id: number): Buffer => openChannel('session', id),
  /** §7.2; where it comes from is for the other side's log. */
  openTunnel: (id: number, host: string, port: number): Buffer =>
    openChannel('direct-tcpip', id, text(host), uint32(port), text('127.0.0.1'), uint32(0)),
  exec: (peer: number, commandLine: string): Buffer =>
    packet(MESSAGE.CHANNEL_REQUEST, uint32(peer), text('exec'), Buffer.of(1), text(commandLine)),
  data: (peer: number, bytes: Uint8Array): Buffer =>
    packet(
      MESSAGE.CHANNEL_DATA,
      uint32(peer),
      uint32(bytes.length),
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
    ),
  adjust: (peer: number, bytes: number): Buffer => packet(MESSAGE.CHANNEL_WINDOW_ADJUST, uint32(peer), uint32(bytes)),
  eof: (peer: number): Buffer => packet(MESSAGE.CHANNEL_EOF, uint32(peer)),
  close: (peer: number): Buffer => packet(MESSAGE.CHANNEL_CLOSE, uint32(peer)),
  requestFailed: (peer: number): Buffer => packet(MESSAGE.CHANNEL_FAILURE, uint32(peer)),
}
