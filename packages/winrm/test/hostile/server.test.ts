// Servers that mean harm, or are none: a typed error, in bounded time and memory.
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { collect, connect, ConnectionError, ProtocolError, TimeoutError, upload, WinrmError } from '../../src/index.ts'
import { startWindows, type Asked, type Instead } from '../../testing/index.ts'
import { annaBasic, anna, connectTo } from '../client.ts'

/** Something that listens and does what it is told with every connection. */
const listen = async (serve: (socket: Socket) => void) => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const limits = { connectTimeoutMs: 500, operationTimeoutMs: 200, slackMs: 300, reconnectMs: 300, stopMs: 300 }

/** Connects with short patience and runs something. */
const tryOn = async (port: number, credentials: typeof anna | typeof annaBasic = annaBasic) => {
  const client = await connect({ host: '127.0.0.1', port, credentials, maxAnswerBytes: 100_000, ...limits })
  try {
    return await collect(await client.run('echo hello'))
  } finally {
    await client.close()
  }
}

const HTTP_OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n'

describe('a server', () => {
  test.each<[string, (socket: Socket) => void, new (...args: never[]) => WinrmError]>([
    ['that never answers', () => {}, TimeoutError],
    ['that hangs up', (socket) => socket.destroy(), ConnectionError],
    ['that speaks another protocol', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), ProtocolError],
    ['whose head has no end', (socket) => endless(socket, 'X: y\r\n', HTTP_OK), WinrmError],
    ['whose body has no end', (socket) => endless(socket, '<a>', `${HTTP_OK}\r\n`), ProtocolError],
    [
      'that promises more than it sends',
      (socket) => socket.end(`${HTTP_OK}Content-Length: 1000\r\n\r\n<a/>`),
      ConnectionError,
    ],
    [
      'that promises terabytes',
      (socket) => endless(socket, 'x', `${HTTP_OK}Content-Length: 99999999999999\r\n\r\n`),
      ProtocolError,
    ],
    ['that answers drop by drop', (socket) => drip(socket, `${HTTP_OK}Content-Length: 1000\r\n\r\n`), TimeoutError],
  ])('%s is a typed error', async (_what, serve, kind) => {
    await using server = await listen((socket) => socket.once('data', () => serve(socket)))
    const started = performance.now()
    await expect(tryOn(server.port)).rejects.toBeInstanceOf(kind)
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test('that sends handshake after handshake is an AuthError', async () => {
    await using windows = await startWindows({
      acceptor: () => () => ({ state: 'challenge', token: Buffer.from('NTLMSSP\0\x02\0\0\0') }),
    })
    await expect(connectTo(windows)).rejects.toBeInstanceOf(WinrmError)
  })

  test('that answers in clear what should be sealed is not believed', async () => {
    const clear = `${HTTP_OK}Content-Length: 4\r\n\r\n<a/>`
    await using windows = await startWindows()
    await using middle = await listen((socket) => {
      // passes the log-in on, and answers the first sealed question itself
      const upstream = listenTo(windows.port, socket)
      socket.on('data', (data: Buffer) => {
        if (data.includes('multipart/encrypted')) socket.write(clear)
        else upstream.write(data)
      })
    })
    await expect(tryOn(middle.port, anna)).rejects.toThrow(/should be sealed/)
  })
})

describe('answers that are wrong', () => {
  const answer = (name: string, instead: (asked: Asked) => Instead) => ({
    allowUnencrypted: true,
    intercept: (asked: Asked) => (asked.name === name ? instead(asked) : undefined),
  })
  const envelope = (asked: Asked, body: string, relatesTo = asked.messageId) =>
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header><a:RelatesTo>${relatesTo}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`

  test.each<[string, string, (asked: Asked) => Instead]>([
    ['to another question', 'Create', (asked) => ({ status: 200, body: envelope(asked, '', 'uuid:another') })],
    ['without a shell', 'Create', (asked) => ({ status: 200, body: envelope(asked, '') })],
    ['without a command', 'Command', (asked) => ({ status: 200, body: envelope(asked, '') })],
    ['that are no XML', 'Command', () => ({ status: 200, body: 'Internal Server Error' })],
    ['that are empty', 'Receive', () => ({ status: 200, body: '' })],
    [
      'with an exit code that is none',
      'Receive',
      (asked) => ({
        status: 200,
        body: envelope(
          asked,
          '<rsp:ReceiveResponse><rsp:CommandState State="x/Done"><rsp:ExitCode>soon</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>',
        ),
      }),
    ],
    ['of status 500 without a fault', 'Receive', (asked) => ({ status: 500, body: envelope(asked, '') })],
    ['with a fault that says nothing', 'Receive', (asked) => ({ status: 500, body: envelope(asked, '<s:Fault/>') })],
    ['of a status nobody expects', 'Receive', () => ({ status: 302, body: '' })],
  ])('%s are a typed error', async (_what, name, instead) => {
    await using windows = await startWindows(answer(name, instead))
    await expect(tryOn(windows.port)).rejects.toBeInstanceOf(WinrmError)
  })

  test('output without end is stopped by whoever collects it', async () => {
    await using windows = await startWindows({ allowUnencrypted: true })
    await using client = await connectTo(windows, { credentials: annaBasic })
    await expect(collect(await client.run('yes'), 1_000_000)).rejects.toBeInstanceOf(ProtocolError)
    await expect(collect(await client.run('yes', { timeoutMs: 300 }), 1_000_000_000)).rejects.toBeInstanceOf(
      TimeoutError,
    )
  })

  test('a file that does not arrive as it was sent is an error', async () => {
    await using windows = await startWindows({
      powerShell: async (script, { stdin, stdout }) => {
        if (!script.startsWith('begin{')) return 0
        for await (const _data of stdin) continue
        stdout.write(`=${'0'.repeat(64)}\r\n`)
        return 0
      },
    })
    await using client = await connectTo(windows)
    await expect(upload(client, Buffer.from('x'), '/nowhere')).rejects.toThrow(/did not confirm/)
  })
})

/** Writes the same again and again, for as long as someone takes it. */
const endless = (socket: Socket, piece: string, first: string) => {
  socket.write(first)
  const flood = piece.repeat(1_000)
  const write = () => {
    while (!socket.destroyed && socket.write(flood));
  }
  socket.on('drain', write)
  write()
}

const drip = (socket: Socket, first: string) => {
  socket.write(first)
  const timer = setInterval(() => socket.write(' '), 50)
  socket.once('close', () => clearInterval(timer))
}

const listenTo = (port: number, back: Socket) => {
  const upstream = connectSocket(port)
  upstream.on('data', (data: Buffer) => back.write(data))
  upstream.on('error', () => {})
  back.once('close', () => upstream.destroy())
  return upstream
}
