import type { Duplex } from 'node:stream'
import ssh2, { type Client, type NextAuthHandler } from 'ssh2'
import { cancelled, TransportError } from '../fault.ts'
import { createDeadline } from '../wait.ts'
import { placeName, type SshAddress } from './dial.ts'
import { gatherWrites } from './gather-writes.ts'
import { handshakeFault, deniedFault, untrustedFault } from './handshake-fault.ts'
import { describeHostKey, offeredAlgorithms, type HostKey } from './host-key.ts'
import { createLoginAttempts, passwordExpired, type PreparedLogin } from './login.ts'
import type { Phases } from './phases.ts'
import { quicken, signAtOnce } from './ssh2-inside.ts'

/** `expected`: the fingerprint that was known, for the message. */
export type TrustVerdict = 'trusted' | { refused: string; expected?: string }

/**
 * Decides about the key the server has just proved to hold. It is asked before any credential is sent, and again for
 * each lending of an open connection, so that a key that lost its trust loses its connections too.
 */
export type Trust = (offered: HostKey) => Promise<TrustVerdict>

export type HandshakeRequest = {
  address: SshAddress
  login: PreparedLogin
  trust: Trust
  knownAlgorithms?: readonly string[] | undefined
  timeoutMs: number
  keepaliveIntervalMs: number
  keepaliveCountMax: number
  signal: AbortSignal
  phases: Phases
}

export type LoggedIn = {
  client: Client
  hostKey: HostKey
  /** What the server calls itself, e.g. `OpenSSH_9.2p1`; empty when unknown. */
  software: string
  /** When something came from the server last; see `performance.now()`. */
  heardAt: () => number
}

/** Speaks SSH over an open socket or tunnel up to the log-in; the phases `host_key` and `authentication`. */
export const handshake = async (socket: Duplex, request: HandshakeRequest): Promise<LoggedIn> => {
  const { address, login, phases } = request
  const client = new ssh2.Client()
  const outcome = Promise.withResolvers<LoggedIn>()
  const fail = (error: unknown): void => outcome.reject(error)
  let hostKey: HostKey | undefined
  let hasIdentified = false
  let software = ''
  let heardAt = 0

  using deadline = createDeadline(request.timeoutMs, request.signal)
  deadline.signal.addEventListener('abort', () =>
    fail(
      deadline.cause() === 'cancelled'
        ? cancelled(phases.current(), address)
        : new TransportError('timeout', phases.current(), slowMessage(request, hasIdentified), {
            ...address,
            started: false,
          }),
    ),
  )
  if (deadline.signal.aborted) fail(cancelled(phases.current(), address))

  const attempts = createLoginAttempts(login, (problem) => fail(deniedFault(address, login.username, [], problem)))
  const tryLogin = (accepted: readonly string[] | null, isPartial: boolean | null, next: NextAuthHandler): void => {
    const method = attempts.next(accepted, isPartial === true)
    if (method !== undefined) return next(method)
    fail(
      deniedFault(
        address,
        login.username,
        accepted ?? [],
        isPartial ? 'It wants a second proof besides this one.' : '',
      ),
    )
  }
  const judge = async (next: NextAuthHandler): Promise<void> => {
    if (hostKey === undefined) throw new Error('a log-in was asked for before the host key was shown')
    const verdict = await request.trust(hostKey)
    if (verdict !== 'trusted') throw untrustedFault(address, hostKey, verdict)
    phases.finish()
    phases.begin('authentication')
    tryLogin(null, null, next)
  }

  phases.begin('host_key')
  client
    .on('error', (cause: Error) => fail(handshakeFault(address, request, phases.current(), hasIdentified, cause)))
    .on('close', () => fail(handshakeFault(address, request, phases.current(), hasIdentified)))
    .on('change password', () => fail(deniedFault(address, login.username, [], passwordExpired)))
    .on('ready', () => {
      phases.finish()
      if (hostKey !== undefined) outcome.resolve({ client, hostKey, software, heardAt: () => heardAt })
    })
  client.connect({
    sock: socket,
    username: login.username,
    readyTimeout: 0, // the deadline above is ours
    keepaliveInterval: request.keepaliveIntervalMs,
    keepaliveCountMax: request.keepaliveCountMax,
    algorithms: {
      serverHostKey: offeredAlgorithms(request.knownAlgorithms),
      cipher: [
        'aes128-gcm@openssh.com',
        'aes256-gcm@openssh.com',
        'aes128-ctr',
        'aes192-ctr',
        'aes256-ctr',
        'chacha20-poly1305@openssh.com',
      ],
    },
    // Called before the server has proved that it holds the key, and at each change of session keys: only remembered
    // here. The proof is there when the log-in begins, and trust is asked then.
    hostVerifier: (blob: Buffer) => {
      const shown = describeHostKey(blob)
      hostKey ??= shown
      return hostKey.key === shown.key
    },
    authHandler: (accepted: readonly string[] | null, isPartial: boolean | null, next) => {
      if (accepted === null) judge(next).catch(fail)
      else tryLogin(accepted, isPartial, next)
    },
  })
  signAtOnce(client)
  quicken(client)
  gatherWrites(socket)
  socket.on('data', () => {
    heardAt = performance.now()
  })
  socket.once('data', (bytes: Buffer) => {
    hasIdentified = true
    software = /^SSH-[^-]+-(\S+)/m.exec(bytes.toString('latin1', 0, 300))?.[1] ?? '' // RFC 4253 §4.2
  })
  if (socket.destroyed || !socket.readable) fail(handshakeFault(address, request, 'host_key', hasIdentified))
  try {
    return await outcome.promise
  } catch (error) {
    client.destroy()
    throw error
  }
}

const slowMessage = ({ address, timeoutMs, phases }: HandshakeRequest, hasIdentified: boolean): string => {
  const seconds = timeoutMs / 1000
  if (!hasIdentified)
    return `${placeName(address)} took the connection but said nothing for ${seconds} s. Check that an SSH server listens on this port.`
  return phases.current() === 'host_key'
    ? `${placeName(address)} did not finish the key exchange within ${seconds} s. It may be overloaded; try again.`
    : `${placeName(address)} did not answer the log-in within ${seconds} s. It may be waiting for its directory or name server.`
}
