import type { Duplex } from 'node:stream'
import { cancelled, TransportError } from '../fault.ts'
import { createDeadline, unlessAborted } from '../wait.ts'
import { openAgent } from './agent.ts'
import { createConnection, type LostReason } from './connection.ts'
import { dial, placeName } from './dial.ts'
import type { Dialer, Making, SshEndpoint } from './endpoint.ts'
import type { Gate } from './gate.ts'
import { handshake } from './handshake.ts'
import type { PreparedLogin } from './login.ts'
import { createPrivateKeys } from './private-key.ts'
import { ssh2Channels } from './ssh2-channels.ts'

export type DialSettings = {
  /** For name and TCP together, and again for key exchange and log-in, and for opening a channel. */
  connectTimeoutMs: number
  keepaliveIntervalMs: number
  keepaliveCountMax: number
  /** Key exchanges at a time. */
  gate: Gate
}

/** A server that takes its time costs no processor: after this it no longer keeps the others waiting. */
export const SLOW_HANDSHAKE_MS = 2_000

/** Connections made by ssh2, in this process. */
export const createSsh2Dialer = (settings: DialSettings): Dialer => {
  const { connectTimeoutMs, keepaliveIntervalMs, keepaliveCountMax, gate } = settings
  const keys = createPrivateKeys()

  const readLogin = (endpoint: SshEndpoint): (() => Promise<PreparedLogin>) => {
    const { login } = endpoint
    switch (login.kind) {
      case 'password':
        return async () => login
      case 'keyboard_interactive':
        return async () => ({ ...login, isKeyboardFirst: true })
      case 'ssh_key': {
        const { privateKey, passphrase, ...more } = login
        const key = keys.parsed(privateKey, passphrase)
        return async () => ({ ...more, key })
      }
      case 'agent': {
        const { socketPath, fingerprint, ...more } = login
        return async () => ({ ...more, agent: await openAgent(socketPath, fingerprint) })
      }
      case 'ssh_certificate':
      case 'system':
        throw new TransportError(
          'denied',
          'authentication',
          `${login.kind === 'system' ? 'A log-in by what the server has' : 'A log-in with an SSH certificate'} needs ` +
            'OpenSSH as the client. Choose it in the method of this target.',
          { ...endpoint.address, started: false },
        )
    }
  }

  return {
    prepare(endpoint) {
      const { address, trust, knownAlgorithms } = endpoint
      const loginOf = readLogin(endpoint)
      return async (making) => {
        const { signal, phases, events, times, via } = making
        const login = await loginOf()
        const socket =
          via === undefined
            ? await dial(address, { timeoutMs: connectTimeoutMs, signal, phases })
            : await dialThrough(via, endpoint, making, connectTimeoutMs)
        try {
          const leave = await gate.enter(signal, () => cancelled('connect', address))
          const timer = setTimeout(leave, SLOW_HANDSHAKE_MS)
          try {
            const loggedIn = await handshake(socket, {
              address,
              login,
              trust,
              knownAlgorithms,
              timeoutMs: connectTimeoutMs,
              keepaliveIntervalMs,
              keepaliveCountMax,
              signal,
              phases,
            })
            const lost: LostReason = { value: undefined }
            const hopKeys = via === undefined ? [] : [...via.hopKeys, via.hostKey]
            const place = { address, openTimeoutMs: connectTimeoutMs, times, hopKeys }
            return createConnection(ssh2Channels(loggedIn, address, lost), lost, place, events)
          } finally {
            clearTimeout(timer)
            leave()
          }
        } catch (error) {
          socket.destroy()
          throw error
        }
      }
    },
    close: () => keys.forget(),
  }
}

/** The phases `dns` and `connect` where a jump host does both. */
const dialThrough = async (
  via: NonNullable<Making['via']>,
  { address }: SshEndpoint,
  { signal, phases }: Making,
  timeoutMs: number,
): Promise<Duplex> => {
  phases.begin('dns')
  phases.finish()
  phases.begin('connect')
  using deadline = createDeadline(timeoutMs, signal)
  const opening = via.tunnel(address)
  const tooLate = (): TransportError =>
    deadline.cause() === 'cancelled'
      ? cancelled('connect', address)
      : new TransportError(
          'timeout',
          'connect',
          `The jump host did not reach ${placeName(address)} within ${timeoutMs / 1000} s. Check the address, and that no firewall swallows the connection.`,
          { ...address, started: false },
        )
  try {
    const tunnel = await unlessAborted(opening, deadline.signal, tooLate)
    tunnel.on('error', () => {}) // whoever uses it hears of it by its close
    // it would stay half open, and nobody would hear that the machine behind it is gone
    tunnel.once('end', () => tunnel.destroy())
    phases.finish()
    return tunnel
  } catch (error) {
    opening.then((tunnel) => tunnel.destroy()).catch(() => {})
    throw error
  }
}
