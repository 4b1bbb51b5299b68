import { isIPv6 } from 'node:net'
import type { Trust } from '../ssh/handshake.ts'
import type { WinrmLogin } from './login.ts'

/** Whose certificate is believed, over HTTPS. */
export type WinrmTrust =
  /** One that an authority vouches for: the system's, or those of `ca` (PEM). */
  | { kind: 'authority'; ca?: string }
  /** The one that `decide` trusts, asked as for SSH host keys. `known`: the key of the one pinned, if any. */
  | { kind: 'pinned'; decide: Trust; known?: string }

/** One Windows machine to log in to. */
export type WinrmEndpoint = {
  address: { host: string; port: number }
  isHttps: boolean
  /** `/wsman` unless told. */
  path?: string
  login: WinrmLogin
  /**
   * `winrs`: a process for each command, PowerShell or cmd. `psrp`: a PowerShell that stays; also for accounts that WinRS
   * does not let in (Remote Management Users).
   */
  transport: 'winrs' | 'psrp'
  trust: WinrmTrust
}

export const placeName = ({ host, port }: WinrmEndpoint['address']): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
