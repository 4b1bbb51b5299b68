import { describe, expect, test } from 'vitest'
import { createWinrmWire, type WinrmConnectRequest } from '../src/index.ts'
import { startWindows, windowsWireChecks, type StartWire } from '../testing/index.ts'

const signal = new AbortController().signal

const overWinrm: StartWire = async () => {
  const windows = await startWindows()
  const wire = createWinrmWire({ connectTimeoutMs: 5_000, stopMs: 1_000 })
  const request: WinrmConnectRequest = {
    address: { host: windows.host, port: windows.port },
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
      { name: 'a closed port', connect: other({ address: { host: '127.0.0.1', port: 1 } }), fault: 'refused' },
      {
        name: 'a name nobody knows',
        connect: other({ address: { host: 'no-such-host.invalid', port: 5985 } }),
        fault: 'unreachable',
      },
    ],
    [Symbol.asyncDispose]: async () => {
      await wire.close()
      await windows.close()
    },
  }
}

describe('over winrm', () => {
  test.each(windowsWireChecks)('$name', async ({ check }) => {
    await expect(check(overWinrm)).resolves.toBeUndefined()
  })
})
