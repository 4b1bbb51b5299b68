import { TransportError } from '../fault.ts'
import type { Dialer } from '../ssh/endpoint.ts'
import type { DialSettings } from '../ssh/ssh2-dialer.ts'

export type OpensshOptions = {
  /** The `ssh` program; looked for in the usual places unless told. */
  program?: string
}

export const createOpensshDialer = (_settings: DialSettings, _options: OpensshOptions): Dialer => ({
  prepare: ({ address }) => {
    throw new TransportError('protocol', 'connect', 'not yet', { ...address, started: false })
  },
  close: () => {},
})
