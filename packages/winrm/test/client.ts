import type { ConnectOptions } from '../src/index.ts'
import { connect } from '../src/index.ts'
import type { Windows } from '../testing/index.ts'

export const anna = { type: 'ntlm', username: 'anna', password: 'Pa$$wörd' } as const
export const annaBasic = { type: 'basic', username: 'anna', password: 'Pa$$wörd', allowUnencrypted: true } as const

/** Options for a simulated machine, with short waits. */
export const to = (windows: Windows, more: Partial<ConnectOptions> = {}): ConnectOptions => ({
  host: windows.host,
  port: windows.port,
  credentials: anna,
  operationTimeoutMs: 5_000,
  slackMs: 5_000,
  stopMs: 1_000,
  ...more,
})

export const connectTo = (windows: Windows, more: Partial<ConnectOptions> = {}) => connect(to(windows, more))
