import { describe, expect, test } from 'vitest'
import {
  AuthError,
  collect,
  connect,
  ConnectionError,
  ntHash,
  offers,
  ProtocolError,
  type Credentials,
} from '../../src/index.ts'
import { startWindows, type Windows } from '../../testing/index.ts'
import { anna, annaBasic, connectTo, to } from '../client.ts'

const hello = async (windows: Windows, credentials: Credentials = anna) => {
  await using client = await connectTo(windows, { credentials })
  return (await collect(await client.run('echo hello'))).stdout
}

describe('logging in', () => {
  test('by NTLM seals every request and keeps one connection for them', async () => {
    await using windows = await startWindows()
    expect(await hello(windows)).toBe('hello\r\n')
    expect(windows.asked).toEqual(['Create', 'Command', 'Receive', 'Signal', 'Delete'])
    expect(windows.traffic).toEqual({ connections: 1, requests: 7, sealed: 5 })
  })

  test.each(['anna', 'anna@example.org', '.\\anna', 'EXAMPLE\\anna', 'ANNA'])(
    'takes the name as %s',
    async (username) => {
      await using windows = await startWindows({ users: { anna: 'x', ANNA: 'x' } })
      expect(await hello(windows, { type: 'ntlm', username, password: 'x' })).toBe('hello\r\n')
    },
  )

  test('takes the hash instead of the password', async () => {
    await using windows = await startWindows()
    const hash = ntHash('Pa$$wörd').toString('hex')
    expect(await hello(windows, { type: 'ntlm', username: 'anna', ntHash: hash })).toBe('hello\r\n')
  })

  test('with a wrong password or an unknown name is an AuthError', async () => {
    await using windows = await startWindows()
    for (const credentials of [
      { ...anna, password: 'wrong' },
      { ...anna, username: 'nobody' },
    ])
      await expect(hello(windows, credentials)).rejects.toThrow(AuthError)
    expect(windows.asked).toEqual([])
  })

  test('by Basic costs no request of its own', async () => {
    await using windows = await startWindows({ allowUnencrypted: true })
    expect(await hello(windows, annaBasic)).toBe('hello\r\n')
    expect(windows.traffic).toEqual({ connections: 1, requests: 5, sealed: 0 })
  })

  test('by Basic with a wrong password is an AuthError', async () => {
    await using windows = await startWindows({ allowUnencrypted: true })
    await expect(hello(windows, { ...annaBasic, password: 'wrong' })).rejects.toThrow(AuthError)
  })

  test('by Basic over plain HTTP is refused before anything is sent, unless it is allowed', async () => {
    await using windows = await startWindows()
    await expect(hello(windows, { type: 'basic', username: 'anna', password: 'x' })).rejects.toThrow(/in clear/)
    expect(windows.traffic.requests).toBe(0)
  })

  test('what is offered can be asked without logging in', async () => {
    await using windows = await startWindows()
    expect(await offers(to(windows))).toEqual(['Negotiate', 'Basic'])
    await using without = await startWindows({ basic: false })
    expect(await offers(to(without))).toEqual(['Negotiate'])
  })

  test('where NTLM is not offered says what is', async () => {
    await using windows = await startWindows({
      acceptor: () => () => ({ state: 'refused', because: 'no NTLM here' }),
    })
    await expect(hello(windows)).rejects.toThrow(/it offers Negotiate, Basic/)
  })
})

describe('a connection', () => {
  test('that was cut is replaced, and the new one logs in again', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await using shell = await client.shell()
    await collect(await shell.run('echo one'))
    windows.cut()
    // the client is told by the operating system; the next command finds the connection closed
    await expect
      .poll(async () => (await collect(await shell.run('echo two')).catch(() => undefined))?.stdout)
      .toBe('two\r\n')
    expect(windows.traffic.connections).toBe(2)
  })

  test('that the server no longer knows is logged in again, once', async () => {
    let isForgotten = false
    await using windows = await startWindows({
      intercept: ({ name }) => {
        if (name !== 'Command' || isForgotten) return undefined
        isForgotten = true
        return { status: 401, body: '' }
      },
    })
    await using client = await connectTo(windows)
    expect((await collect(await client.run('echo again'))).stdout).toBe('again\r\n')
    expect(windows.traffic.connections).toBe(2)
  })

  test('on which the server says 401 again and again is an AuthError', async () => {
    await using windows = await startWindows({
      intercept: ({ name }) => (name === 'Command' ? { status: 401, body: '' } : undefined),
    })
    await using client = await connectTo(windows)
    await expect(client.run('echo never')).rejects.toThrow(AuthError)
  })

  test('to nobody is a ConnectionError, and to something else a ProtocolError', async () => {
    const windows = await startWindows()
    const options = to(windows)
    await windows.close()
    await expect(connect(options)).rejects.toThrow(ConnectionError)

    await using other = await startWindows({ intercept: () => ({ status: 404, body: 'nothing here' }) })
    await using client = await connectTo(other)
    await expect(client.run('echo never')).rejects.toThrow(ProtocolError)
  })

  test.each(['::1', '[::1]'])('to %s, an IPv6 address', async (host) => {
    await using windows = await startWindows({ host: '::1' })
    await using client = await connectTo(windows, { host })
    expect((await collect(await client.run('echo six'))).stdout).toBe('six\r\n')
  })

  test('never goes through a proxy', async () => {
    await using windows = await startWindows()
    process.env['http_proxy'] = 'http://127.0.0.1:9'
    try {
      expect(await hello(windows)).toBe('hello\r\n')
    } finally {
      delete process.env['http_proxy']
    }
  })
})
