import { createServer, type Server, type Socket } from 'node:net'
import { connect } from 'node:net'
import { createPacketCutter, readPacket, text, uint32 } from './packets.ts'

// draft-ietf-sshm-ssh-agent, section 6.1
const FAILURE = 5
const REQUEST_IDENTITIES = 11
const IDENTITIES_ANSWER = 12
const SIGN_REQUEST = 13
const SIGN_RESPONSE = 14

/** A key as an agent offers it. `sign` gives the whole signature: its kind and the bytes (RFC 4253 §6.6). */
export type AgentKey = { blob: Buffer; sign: (data: Buffer, flags: number) => Buffer }

/** What is behind our agent: keys of ours, or another agent, of whose keys one may be chosen. */
export type AgentSource = { keys: readonly AgentKey[] } | { socketPath: string; isChosen: (blob: Buffer) => boolean }

const frame = (type: number, ...parts: Buffer[]): Buffer => text(Buffer.concat([Buffer.of(type), ...parts]))

const identities = (blobs: readonly Buffer[]): Buffer =>
  frame(IDENTITIES_ANSWER, uint32(blobs.length), ...blobs.flatMap((blob) => [text(blob), text('')]))

const answerFromKeys = (keys: readonly AgentKey[], packet: Buffer): Buffer => {
  const reader = readPacket(packet)
  switch (reader.byte()) {
    case REQUEST_IDENTITIES:
      return identities(keys.map(({ blob }) => blob))
    case SIGN_REQUEST: {
      const blob = reader.text()
      const data = reader.text()
      const key = keys.find((key) => key.blob.equals(blob))
      return key === undefined ? frame(FAILURE) : frame(SIGN_RESPONSE, text(key.sign(data, reader.uint32())))
    }
    default:
      return frame(FAILURE) // also for extensions (section 4.7)
  }
}

const onlyChosen = (packet: Buffer, isChosen: (blob: Buffer) => boolean): Buffer => {
  const reader = readPacket(packet)
  if (reader.byte() !== IDENTITIES_ANSWER) return text(packet)
  const blobs = Array.from({ length: reader.uint32() }, () => {
    const blob = reader.text()
    reader.text() // the comment
    return blob
  })
  return identities(blobs.filter(isChosen))
}

const relay = (near: Socket, socketPath: string, isChosen: (blob: Buffer) => boolean): ((packet: Buffer) => void) => {
  const far = connect(socketPath)
  far.on('error', () => near.destroy())
  far.on('close', () => near.end())
  near.on('close', () => far.destroy())
  far.on(
    'data',
    createPacketCutter((packet) => near.write(onlyChosen(packet, isChosen))),
  )
  return (packet) => void far.write(text(packet))
}

/**
 * An agent of our own for one `ssh`, so that a key is in no file, no argument and no other process. Nothing is answered
 * before `mayAnswer`: ssh asks its agent after the server has proved to hold its host key and before it sends anything of
 * the log-in, and that is when we decide whether to trust it.
 */
export const startKeyAgent = async (
  path: string,
  source: AgentSource,
  mayAnswer: () => Promise<boolean>,
): Promise<Disposable> => {
  const sockets = new Set<Socket>()
  const serve = async (socket: Socket): Promise<void> => {
    socket.pause()
    if (!(await mayAnswer())) return void socket.destroy()
    const ask = 'keys' in source ? undefined : relay(socket, source.socketPath, source.isChosen)
    const cut = createPacketCutter((packet) => {
      if ('keys' in source) socket.write(answerFromKeys(source.keys, packet))
      else ask?.(packet)
    })
    socket.on('data', (bytes: Buffer) => {
      try {
        cut(bytes)
      } catch {
        socket.destroy() // nobody we know
      }
    })
    socket.resume()
  }
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    serve(socket).catch(() => socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    [Symbol.dispose]: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
