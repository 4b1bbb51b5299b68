import type { Duplex } from 'node:stream'
import { TransportError } from '../fault.ts'
import { ChannelRefused, type Channels, type Session } from '../ssh/channels.ts'
import type { LostReason } from '../ssh/connection.ts'
import { placeName, type SshAddress } from '../ssh/dial.ts'
import type { HostKey } from '../ssh/host-key.ts'
import { tunnelFault } from '../ssh/tunnel-fault.ts'
import type { Program } from '../posix/program.ts'
import { AHEAD_BYTES, HEARD_MS, notAllowedFault } from '../ssh/ssh2-channels.ts'
import { createChannel, type Channel, type ChannelInbox } from './channel.ts'
import type { ProxyMode } from './control-socket.ts'
import { readExit } from './exit-request.ts'
import { MESSAGE, messages } from './messages.ts'
import { readPacket } from './packets.ts'
import { sessionProgram } from './session-program.ts'
import { tunnelStream } from './tunnel.ts'

type Refusal = { code: number; said: string }
type Opening = { opened: (channel: Channel) => void; refused: (refusal: Refusal | 'lost') => void }

// RFC 4254 §5.1
const PROHIBITED = 1

export type MasterPlace = {
  address: SshAddress
  hostKey: HostKey
  controlPath: string
  /** What the server calls itself; empty when unknown. */
  software: string
  /** Called when the master is to end, perhaps more than once. */
  terminate: () => void
}

/** The connection protocol over an OpenSSH master in proxy mode. */
export const masterChannels = (
  { socket, onPacket }: ProxyMode,
  { address, hostKey, controlPath, software, terminate }: MasterPlace,
  lost: LostReason,
): Channels => {
  const openings = new Map<number, Opening>()
  const inboxes = new Map<number, ChannelInbox>()
  const over = Promise.withResolvers<string | undefined>()
  let nextId = 0
  let isOver = false
  let heardAt = 0
  const isOpenSsh = software.startsWith('OpenSSH_')

  const send = (packet: Buffer): void => {
    if (!isOver) socket.write(packet)
  }

  const receive = (packet: Buffer): void => {
    const reader = readPacket(packet)
    const type = reader.byte()
    if (type === MESSAGE.GLOBAL_REQUEST) return // keepalives and host keys are the master's affair
    const id = reader.uint32()
    const inbox = inboxes.get(id)
    switch (type) {
      case MESSAGE.CHANNEL_OPEN_CONFIRMATION: {
        const peer = { id: reader.uint32(), windowBytes: reader.uint32(), packetBytes: reader.uint32() }
        const made = createChannel(peer, send)
        inboxes.set(id, made.inbox)
        openings.get(id)?.opened(made.channel)
        openings.delete(id)
        return
      }
      case MESSAGE.CHANNEL_OPEN_FAILURE:
        openings.get(id)?.refused({ code: reader.uint32(), said: reader.text().toString() })
        openings.delete(id)
        return
      case MESSAGE.CHANNEL_WINDOW_ADJUST:
        return inbox?.adjust(reader.uint32())
      case MESSAGE.CHANNEL_DATA:
        return inbox?.data('stdout', reader.text())
      case MESSAGE.CHANNEL_EXTENDED_DATA:
        reader.uint32() // 1, standard error, is the only kind there is (§5.2)
        return inbox?.data('stderr', reader.text())
      case MESSAGE.CHANNEL_EOF:
        return inbox?.eof()
      case MESSAGE.CHANNEL_CLOSE:
        inbox?.closed()
        inboxes.delete(id)
        return
      case MESSAGE.CHANNEL_SUCCESS:
        return inbox?.answered(true)
      case MESSAGE.CHANNEL_FAILURE:
        return inbox?.answered(false)
      case MESSAGE.CHANNEL_REQUEST: {
        const request = reader.text().toString()
        reader.byte() // whether an answer is wanted; not of these (§6.10)
        const end = readExit(request, reader)
        if (end !== undefined) inbox?.exit(end)
      }
    }
  }

  socket.once('close', () => {
    isOver = true
    lost.value ??= `The connection to ${placeName(address)} broke.`
    for (const opening of openings.values()) opening.refused('lost')
    for (const inbox of inboxes.values()) inbox.closed()
    over.resolve(undefined)
  })
  onPacket((packet) => {
    heardAt = performance.now()
    try {
      receive(packet)
    } catch (error) {
      lost.value ??= `OpenSSH sent something unreadable (${error instanceof Error ? error.message : 'unknown'}).`
      socket.destroy()
    }
  })

  const open = (message: (id: number) => Buffer): Promise<Channel> =>
    new Promise((resolve, reject) => {
      const refused = (refusal: Refusal | 'lost'): void => {
        reject(new ChannelRefused(refusal === 'lost' ? 'lost' : 'full', refusal))
      }
      if (isOver) return refused('lost')
      const id = nextId++
      openings.set(id, { opened: resolve, refused })
      send(message(id))
    })

  return {
    hostKey,
    controlPath,
    isSpareHarmless: isOpenSsh,
    over: over.promise,
    async openSession(): Promise<Session> {
      const channel = await open(messages.openSession)
      return {
        isClosed: () => channel.isClosed(),
        async exec(commandLine, onClosed) {
          const refused = Promise.withResolvers<TransportError>()
          const program = sessionProgram(channel, () => lost.value, refused.promise)
          const taking = channel.exec(commandLine)
          channel.onClosed(onClosed)
          const judge = async (): Promise<Program> => {
            if (await taking) return program
            program.close()
            if (isOver) throw new ChannelRefused('lost', 'no answer to a request')
            throw notAllowedFault(address)
          }
          const judged = judge()
          // see Session: not waited for where the server is there
          if (!isOpenSsh || performance.now() - heardAt > HEARD_MS) return judged
          channel.writeAhead(AHEAD_BYTES)
          judged.catch((error: unknown) => {
            if (error instanceof TransportError) refused.resolve(error)
          })
          return program
        },
      }
    },
    async openTunnel(to): Promise<Duplex> {
      try {
        return tunnelStream(await open((id) => messages.openTunnel(id, to.host, to.port)))
      } catch (error) {
        const refusal = error instanceof ChannelRefused ? (error.cause as Refusal | 'lost') : 'lost'
        if (refusal === 'lost') throw tunnelFault(address, to, 'the connection to it broke', error)
        throw tunnelFault(
          address,
          to,
          refusal.code === PROHIBITED ? `prohibited: ${refusal.said}` : refusal.said,
          error,
        )
      }
    },
    end: () => {
      socket.end()
      terminate()
    },
    destroy: () => {
      socket.destroy()
      terminate()
    },
  }
}
