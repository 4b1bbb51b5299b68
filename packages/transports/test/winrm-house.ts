import { createWinrmWire, type WinrmConnectRequest, type WinrmWireOptions } from '../src/index.ts'
import { startWindows, type Windows, type WindowsMachine } from '../testing/index.ts'

const signal = new AbortController().signal
export const login = { kind: 'ntlm', username: 'anna', password: 'Pa$$wörd' } as const

export const requestTo = (windows: Windows, more: Partial<WinrmConnectRequest> = {}): WinrmConnectRequest => ({
  address: { host: windows.host, port: windows.port },
  isHttps: false,
  login,
  transport: 'winrs',
  trust: { kind: 'authority' },
  poolKey: 'one',
  signal,
  ...more,
})

/** A simulated machine, and a wire to it. */
export const startHouse = async (
  options: WindowsMachine = {},
  more: Partial<WinrmConnectRequest> = {},
  wireOptions: WinrmWireOptions = {},
) => {
  const windows = await startWindows(options)
  const wire = createWinrmWire({ connectTimeoutMs: 5_000, stopMs: 1_000, reconnectMs: 10_000, ...wireOptions })
  return {
    windows,
    wire,
    connect: (other: Partial<WinrmConnectRequest> = {}) => wire.connect(requestTo(windows, { ...more, ...other })),
    [Symbol.asyncDispose]: async () => {
      await wire.close()
      await windows.close()
    },
  }
}
