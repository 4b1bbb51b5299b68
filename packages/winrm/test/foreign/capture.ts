import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

const SERVER_PORT = 5985
const CLIENT_PORT = 50_000

type Segment = { readonly isFromClient: boolean; readonly connection: number; readonly data: Buffer }

/** IPv4 and TCP around a segment; no checksums, which readers do not insist on. */
const packet = (isFromClient: boolean, connection: number, seq: number, ack: number, flags: number, data: Buffer) => {
  const head = Buffer.alloc(40)
  head.writeUInt8(0x45, 0)
  head.writeUInt16BE(40 + data.length, 2)
  head.writeUInt8(64, 8)
  head.writeUInt8(6, 9)
  const [client, server] = [Buffer.from([192, 0, 2, 1]), Buffer.from([192, 0, 2, 2])]
  ;(isFromClient ? client : server).copy(head, 12)
  ;(isFromClient ? server : client).copy(head, 16)
  const port = CLIENT_PORT + connection
  head.writeUInt16BE(isFromClient ? port : SERVER_PORT, 20)
  head.writeUInt16BE(isFromClient ? SERVER_PORT : port, 22)
  head.writeUInt32BE(seq >>> 0, 24)
  head.writeUInt32BE(ack >>> 0, 28)
  head.writeUInt8(0x50, 32)
  head.writeUInt8(flags, 33)
  head.writeUInt16BE(0xffff, 34)
  return Buffer.concat([head, data])
}

const [SYN, PUSH, ACK] = [2, 8, 16]
const LINK_RAW = 101
/** More would not fit into one packet. */
const SEGMENT_BYTES = 32_000

/** A capture file (pcap) of what went through, as if it had been captured. */
const pcap = (segments: readonly Segment[]): Buffer => {
  const file = Buffer.alloc(24)
  file.writeUInt32LE(0xa1b2c3d4, 0)
  file.writeUInt16LE(2, 4)
  file.writeUInt16LE(4, 6)
  file.writeUInt32LE(262_144, 16)
  file.writeUInt32LE(LINK_RAW, 20)
  const packets: Buffer[] = []
  const sent = new Map<number, { client: number; server: number }>()
  for (const { isFromClient, connection, data } of segments) {
    let at = sent.get(connection)
    if (at === undefined) {
      at = { client: 1, server: 1 }
      sent.set(connection, at)
      packets.push(packet(true, connection, 0, 0, SYN, Buffer.alloc(0)))
      packets.push(packet(false, connection, 0, 1, SYN | ACK, Buffer.alloc(0)))
    }
    const [own, other] = isFromClient ? (['client', 'server'] as const) : (['server', 'client'] as const)
    for (let from = 0; from < data.length; from += SEGMENT_BYTES) {
      const part = data.subarray(from, from + SEGMENT_BYTES)
      packets.push(packet(isFromClient, connection, at[own], at[other], PUSH | ACK, part))
      at[own] += part.length
    }
  }
  const records = packets.flatMap((bytes, index) => {
    const record = Buffer.alloc(16)
    record.writeUInt32LE(1_700_000_000, 0)
    record.writeUInt32LE(index, 4)
    record.writeUInt32LE(bytes.length, 8)
    record.writeUInt32LE(bytes.length, 12)
    return [record, bytes]
  })
  return Buffer.concat([file, ...records])
}

/** Stands before a server and writes down what passes: no rights of a real capture are needed. */
export const captureBefore = async (port: number) => {
  const segments: Segment[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((client) => {
    const connection = ++connections
    const upstream = connect(port, '127.0.0.1')
    const pass = (from: Socket, to: Socket, isFromClient: boolean) => {
      sockets.add(from)
      from.on('data', (data: Buffer) => {
        segments.push({ isFromClient, connection, data })
        to.write(data)
      })
      from.on('error', () => {})
      from.once('close', () => to.destroy())
    }
    pass(client, upstream, true)
    pass(upstream, client, false)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    file: () => pcap(segments),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
