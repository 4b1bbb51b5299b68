import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createPacketCutter, readPacket, uint32 } from './packets.ts'

// OpenSSH's PROTOCOL.mux, sections 1, 4, 5 and 8
const HELLO = 0x00000001
const VERSION = 4
const ALIVE_CHECK = 0x10000004
const TERMINATE = 0x10000005
const PROXY = 0x1000000f
const ALIVE = 0x80000005
const PROXY_GRANTED = 0x8000000f

/** A control socket in proxy mode: packets of the connection protocol in clear. */
export type ProxyMode = {
  socket: Socket
  /** Process id of the master. */
  masterPid: number
  /** Called with each packet, from its type on. */
  onPacket: (receive: (packet: Buffer) => void) => void
}

const frame = (...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([uint32(body.length), body])
}

const hello = (): Buffer => frame(uint32(HELLO), uint32(VERSION))

/** Connects to a master and has it pass our packets on. Rejects with a plain Error. */
export const openProxyMode = async (path: string): Promise<ProxyMode> => {
  const socket = connect(path)
  socket.on('error', () => {}) // its close says enough
  await once(socket, 'connect')
  const granted = Promise.withResolvers<number>()
  let masterPid = 0
  let receive: ((packet: Buffer) => void) | undefined
  const early: Buffer[] = []

  const answer = (packet: Buffer): void => {
    const reader = readPacket(packet)
    const type = reader.uint32()
    if (type === HELLO) return
    reader.uint32() // the number of our request
    if (type === ALIVE) masterPid = reader.uint32()
    else if (type === PROXY_GRANTED) granted.resolve(masterPid)
    else granted.reject(new Error(`the OpenSSH master answered ${type.toString(16)}`))
  }
  let isGranted = false
  const cut = createPacketCutter((packet) => {
    if (!isGranted) {
      isGranted = packet.readUInt32BE(0) === PROXY_GRANTED
      return answer(packet)
    }
    // a byte of padding length, always 0, stands before the type
    const inner = packet.subarray(1)
    if (receive === undefined) early.push(inner)
    else receive(inner)
  })
  socket.on('data', (bytes: Buffer) => {
    try {
      cut(bytes)
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined)
    }
  })
  socket.once('close', () => granted.reject(new Error('the OpenSSH master closed its control socket')))
  socket.write(Buffer.concat([hello(), frame(uint32(ALIVE_CHECK), uint32(1)), frame(uint32(PROXY), uint32(2))]))
  try {
    await granted.promise
  } catch (error) {
    socket.destroy()
    throw error
  }
  return {
    socket,
    masterPid,
    onPacket: (handler) => {
      receive = handler
      for (const packet of early.splice(0)) handler(packet)
    },
  }
}

/** Asks the master to end itself. Never rejects; one that is gone is what was wanted. */
export const terminateMaster = (path: string): void => {
  const socket = connect(path)
  socket.on('error', () => {})
  socket.once('connect', () => socket.write(Buffer.concat([hello(), frame(uint32(TERMINATE), uint32(1))])))
  socket.on('data', () => socket.end())
  socket.setTimeout(1_000, () => socket.destroy())
  socket.unref()
}
