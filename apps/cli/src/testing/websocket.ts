import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ClientFrame, ServerFrame } from '@opsconductor/contract'

/** The server's end of one live connection. */
export type PeerSocket = {
  send: (frame: ServerFrame) => void
  onFrame: (hear: (frame: ClientFrame) => void) => void
  /** Ends the TCP connection without a closing handshake, as a broken network does. */
  cut: () => void
}

const opcodes = { text: 1, close: 8 } as const

/** Accepts a WebSocket: RFC 6455 §4.2.2 (handshake) and §5.2 (frames), text without fragments. */
export const acceptWebSocket = (request: IncomingMessage, socket: Duplex): PeerSocket => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  let hear: (frame: ClientFrame) => void = () => {}
  let received = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    for (let frame = readFrame(received); frame !== undefined; frame = readFrame(received)) {
      received = received.subarray(frame.size)
      if (frame.opcode === opcodes.close) socket.end(frameOf(opcodes.close, frame.payload))
      if (frame.opcode === opcodes.text) hear(JSON.parse(frame.payload.toString()) as ClientFrame)
    }
  })
  return {
    send: (frame) => {
      if (socket.writable) socket.write(frameOf(opcodes.text, Buffer.from(JSON.stringify(frame))))
    },
    onFrame: (handler) => (hear = handler),
    cut: () => socket.destroy(),
  }
}

const frameOf = (opcode: number, payload: Buffer) => {
  const header = Buffer.alloc(10)
  header[0] = 0x80 | opcode
  if (payload.length < 126) {
    header[1] = payload.length
    return Buffer.concat([header.subarray(0, 2), payload])
  }
  header[1] = 127
  header.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([header, payload])
}

/** One masked frame of a client, when all of it is there. */
const readFrame = (bytes: Buffer) => {
  if (bytes.length < 2) return undefined
  const short = (bytes[1] ?? 0) & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  const maskAt = 2 + lengthBytes
  if (bytes.length < maskAt + 4) return undefined
  const length =
    lengthBytes === 0 ? short : bytes.readUIntBE(2 + Math.max(0, lengthBytes - 6), Math.min(6, lengthBytes))
  const size = maskAt + 4 + length
  if (bytes.length < size) return undefined
  const mask = bytes.subarray(maskAt, maskAt + 4)
  const payload = Buffer.from(bytes.subarray(maskAt + 4, size))
  for (let index = 0; index < payload.length; index++) payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0)
  return { opcode: (bytes[0] ?? 0) & 0x0f, payload, size }
}
