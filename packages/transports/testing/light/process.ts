/**
 * An SSH server that is a process of its own and starts none: it does the key exchange and the log-in in full, and answers
 * commands as a shell would that runs `true`. So a client can be measured against many targets on one machine.
 *
 * Started by {@link startLightServer}, which hands it the two keys.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2'
import { answerToScript, readsScript, silence, type Answer } from './answers.ts'

/** What is said between this process and the one that started it. */
export type LightSettings = { hostKey: string; userKey: string; kex: string[]; ciphers: string[] }
export type LightOrder = LightSettings | 'drop connections'
export type LightNews = { port: number } | 'dropped'

const connections = new Set<Socket>()

const serve = async ({ hostKey, userKey, kex, ciphers }: LightSettings): Promise<number> => {
  const allowed = ssh2.utils.parseKey(userKey)
  if (allowed instanceof Error) throw allowed

  const mayLogIn = (context: AuthContext): boolean =>
    context.method === 'publickey' &&
    context.key.data.equals(allowed.getPublicSSH()) &&
    (context.signature === undefined || allowed.verify(context.blob ?? Buffer.alloc(0), context.signature))

  const welcome = (client: Connection): void => {
    client.on('error', () => {}) // a client that goes away in the middle
    client.on('authentication', (context) => (mayLogIn(context) ? context.accept() : context.reject(['publickey'])))
    client.on('session', (accept) => {
      const session = accept()
      session.on('pty', (acceptPty) => acceptPty())
      session.on('env', (acceptEnv) => acceptEnv?.())
      session.on('exec', (acceptExec, _reject, { command }) => obey(acceptExec(), command))
    })
  }

  const protocol = new ssh2.Server({
    hostKeys: [hostKey],
    algorithms: { kex: kex as never, cipher: ciphers as never },
  }).on('connection', welcome)
  const server = createServer({ noDelay: true }, (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    protocol.injectSocket(socket)
  })
  server.listen(0, '127.0.0.1', 4_096)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const obey = (channel: ServerChannel, command: string): void => {
  const end = ({ stdout, stderr }: Answer): void => {
    if (stderr.length > 0) channel.stderr.write(stderr)
    if (stdout.length > 0) channel.write(stdout)
    channel.exit(0)
    channel.end()
  }
  channel.on('error', () => {})
  if (!readsScript(command)) {
    channel.resume()
    return end(silence)
  }
  let input = ''
  let isAnswered = false
  const answer = (isWhole: boolean): void => {
    const found = isAnswered ? undefined : answerToScript(input, isWhole)
    if (found === undefined) return
    isAnswered = true
    end(found)
  }
  channel.on('data', (bytes: Buffer) => {
    input += bytes.toString()
    answer(false)
  })
  channel.on('end', () => answer(true))
}

const tell = (news: LightNews): void => void process.send?.(news)

process.on('message', (order: LightOrder) => {
  if (order === 'drop connections') {
    for (const socket of connections) socket.destroy()
    tell('dropped')
  } else void serve(order).then((port) => tell({ port }))
})
process.on('disconnect', () => process.exit())
