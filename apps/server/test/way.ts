import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a server that can be closed and opened again at the same port. */
export const startWay = async (to: { host: string; port: number }) => {
  const sockets = new Set<Socket>()
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((socket) => {
      const onward = connect(to)
      for (const one of [socket, onward]) {
        sockets.add(one)
        one.on('error', () => {})
        one.on('close', () => sockets.delete(one))
      }
      socket.pipe(onward)
      onward.pipe(socket)
      socket.on('close', () => onward.destroy())
    }).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  let server = await listen(0)
  const { port } = server.address() as AddressInfo
  const close = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return { host: '127.0.0.1', port, close, open: async () => void (server = await listen(port)) }
}
