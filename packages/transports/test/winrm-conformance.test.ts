import { describe, expect, test } from 'vitest'
import { createWinrmWire, type WinrmConnectRequest } from '../src/index.ts'
import { collect, selfSigned, startWindows, windowsWireChecks, type StartWire } from '../testing/index.ts'

const signal = new AbortController().signal
const server = selfSigned()
const client = selfSigned()

const overWinrm: StartWire = async () => {
  const windows = await startWindows()
  const secure = await startWindows({ tls: { ...server, ca: server.cert } })
  const plain = { host: windows.host, port: windows.port }
  const overHttps = { isHttps: true, address: { host: secure.host, port: secure.port } }
  const wire = createWinrmWire({ connectTimeoutMs: 5_000, stopMs: 1_000 })
  const request: WinrmConnectRequest = {
    address: plain,
    isHttps: false,
    login: { kind: 'ntlm', username: 'anna', password: 'Pa$$wörd' },
    transport: 'winrs',
    trust: { kind: 'authority' },
    poolKey: 'one',
    signal,
  }
  const other = (more: Partial<WinrmConnectRequest>) => () => wire.connect({ ...request, poolKey: 'other', ...more })
  return {
    connect: (signal = request.signal) => wire.connect({ ...request, signal }),
    cut: () => windows.cut(),
    faulty: [
      {
        name: 'a user nobody knows',
        connect: other({ login: { kind: 'ntlm', username: 'nobody', password: 'wrong' } }),
        fault: 'denied',
      },
      {
        name: 'a password that anybody could read on its way',
        connect: other({ login: { kind: 'basic', username: 'anna', password: 'Pa$$wörd' } }),
        fault: 'denied',
      },
      {
        name: 'a right user with a wrong password',
        connect: other({ login: { kind: 'ntlm', username: 'anna', password: 'Pa$$word' } }),
        fault: 'denied',
      },
      {
        name: 'a client certificate where there is no HTTPS',
        connect: other({ login: { kind: 'certificate', certificate: client.cert, privateKey: client.key } }),
        fault: 'denied',
      },
      {
        name: 'a certificate that nobody vouches for',
        connect: other({ ...overHttps, trust: { kind: 'authority' } }),
        fault: 'untrusted',
      },
      {
        name: 'a certificate that was refused',
        connect: other({ ...overHttps, trust: { kind: 'pinned', decide: async () => ({ refused: 'No.' }) } }),
        fault: 'untrusted',
      },
      {
        name: 'a client certificate that nobody there knows',
        // it is looked at with the first request
        connect: async () => {
          const shell = await other({
            ...overHttps,
            trust: { kind: 'pinned', decide: async () => 'trusted' },
            login: { kind: 'certificate', certificate: client.cert, privateKey: client.key },
          })()
          await collect(shell, 'echo it ran')
          return shell
        },
        fault: 'denied',
      },
      {
        name: 'a port that speaks something else',
        connect: other({ ...overHttps, address: plain }),
        fault: 'protocol',
      },
      { name: 'a closed port', connect: other({ address: { host: '127.0.0.1', port: 1 } }), fault: 'refused' },
      {
        name: 'a name nobody knows',
        connect: other({ address: { host: 'no-such-host.invalid', port: 5985 } }),
        fault: 'unreachable',
      },
    ],
    [Symbol.asyncDispose]: async () => {
      await wire.close()
      await Promise.all([windows.close(), secure.close()])
    },
  }
}

describe('over winrm', () => {
  test.each(windowsWireChecks)('$name', async ({ check }) => {
    await expect(check(overWinrm)).resolves.toBeUndefined()
  })
})
