import { createHmac, randomBytes } from 'node:crypto'
import { cancelled, TransportError } from '../fault.ts'
import { createPosixShell } from '../posix/shell.ts'
import type { Shell } from '../shell.ts'
import { createConnection, type Connection, type ConnectionEvents } from './connection.ts'
import { dial, type SshAddress } from './dial.ts'
import { createGate } from './gate.ts'
import { handshake, type Trust } from './handshake.ts'
import { untrustedFault } from './handshake-fault.ts'
import { createLine, type Line, type MakeConnection } from './line.ts'
import type { PreparedLogin, SshLogin } from './login.ts'
import { createPhases, type OnPhase } from './phases.ts'
import { createPrivateKeys } from './private-key.ts'
import { createPool } from './pool.ts'
import { probe, type ProbeReport } from './probe.ts'

export type SshWireOptions = {
  /** How long an unused connection stays open; 5 minutes unless told. */
  idleMs?: number
  /** How many connections stay open when not in use; the longest unused are closed first. 2,000 unless told. */
  maxConnections?: number
  /** Key exchanges at a time, apart from how many commands run; 10 unless told. */
  handshakesInFlight?: number
  /** Commands at a time on one connection, of the ten that OpenSSH allows; 8 unless told. */
  channelsPerConnection?: number
  /** Connections to one target; what is beyond waits. 2 unless told. */
  connectionsPerTarget?: number
  /** A silent connection is asked for a sign of life this often (20 s unless told) … */
  keepaliveIntervalMs?: number
  /** … and given up after so many questions without an answer; 3 unless told. */
  keepaliveCountMax?: number
  /** For name and TCP together, and again for key exchange and log-in, and for opening a channel; 10 s unless told. */
  connectTimeoutMs?: number
  /** How long output may stay silent after the exit before it is no longer waited for; 2,000 ms unless told. */
  lingerMs?: number
}

export type SshRequest = {
  address: SshAddress
  login: SshLogin
  /** Asked on every connect, also when an open connection is lent again. */
  trust: Trust
  /** Kinds of host keys known of the target, e.g. `ssh-ed25519`: then no other kind is asked for. */
  knownAlgorithms?: readonly string[]
  signal: AbortSignal
  onPhase?: OnPhase
}

export interface SshWire extends AsyncDisposable {
  /**
   * A shell over an open connection or a new one (then the phases are reported). Throws TransportError.
   * @param request.poolKey whose connection it is: the target and the version of its credential
   */
  connect(request: SshRequest & { poolKey: string }): Promise<Shell>
  /** Tries everything over a connection of its own, and says how far it came. Never throws. */
  probe(request: SshRequest): Promise<ProbeReport>
  /** Ends all connections; commands still running become `unknown`. */
  close(): Promise<void>
  /** Connections open now. */
  connections(): number
}

export const createSshWire = (options: SshWireOptions = {}): SshWire => {
  const connectTimeoutMs = options.connectTimeoutMs ?? 10_000
  const lingerMs = options.lingerMs ?? 2_000
  const limits = {
    channelsPerConnection: options.channelsPerConnection ?? 8,
    connectionsPerTarget: options.connectionsPerTarget ?? 2,
  }
  const gate = createGate(options.handshakesInFlight ?? 10)
  const keys = createPrivateKeys()
  const pool = createPool({ idleMs: options.idleMs ?? 300_000, maxConnections: options.maxConnections ?? 2_000 })
  const nameKey = randomBytes(32)
  let isClosed = false

  const prepared = (login: SshLogin): PreparedLogin =>
    login.kind === 'password'
      ? login
      : { kind: 'ssh_key', username: login.username, key: keys.parsed(login.privateKey, login.passphrase) }

  // the secret is part of the name, so that a connection never serves someone who could not have opened it
  const nameOf = ({ poolKey, address, login }: SshRequest & { poolKey: string }): string =>
    createHmac('sha256', nameKey)
      .update(JSON.stringify([poolKey, address.host, address.port, login.kind, login.username, secretOf(login)]))
      .digest('base64')

  const makeConnection = async (
    request: SshRequest,
    login: PreparedLogin,
    signal: AbortSignal,
    events: ConnectionEvents,
  ): Promise<Connection> => {
    const { address, trust, knownAlgorithms } = request
    const phases = createPhases(request.onPhase)
    const socket = await dial(address, { timeoutMs: connectTimeoutMs, signal, phases })
    try {
      const leave = await gate.enter(signal, () => cancelled('connect', address))
      // a server that takes its time costs no processor: it must not keep the others waiting
      const timer = setTimeout(leave, SLOW_HANDSHAKE_MS)
      try {
        const loggedIn = await handshake(socket, {
          address,
          login,
          trust,
          knownAlgorithms,
          timeoutMs: connectTimeoutMs,
          keepaliveIntervalMs: options.keepaliveIntervalMs ?? 20_000,
          keepaliveCountMax: options.keepaliveCountMax ?? 3,
          signal,
          phases,
        })
        return createConnection(loggedIn, address, connectTimeoutMs, events)
      } finally {
        clearTimeout(timer)
        leave()
      }
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  const shellOn = (line: Line, make: MakeConnection, giveBack: () => void): Shell =>
    createPosixShell({
      start: (commandLine, signal) => line.start(make, commandLine, signal, false),
      startUrgent: (commandLine, signal) => line.start(make, commandLine, signal, true),
      habits: line.habits,
      lingerMs,
      giveBack,
    })

  const refuseWhenClosed = (): void => {
    if (isClosed) throw new TransportError('cancelled', 'connect', 'OpsConductor is stopping.', { started: false })
  }

  const close = async (): Promise<void> => {
    isClosed = true
    pool.close('OpsConductor is stopping.')
    keys.forget()
  }

  return {
    async connect(request) {
      refuseWhenClosed()
      if (request.signal.aborted) throw cancelled('connect', request.address)
      const login = prepared(request.login)
      const make: MakeConnection = (signal, events) => makeConnection(request, login, signal, events)
      const { line, giveBack } = pool.lend(nameOf(request), (onChange) => createLine(request.address, limits, onChange))
      try {
        const { connection, isFresh } = await line.connection(make, request.signal)
        const verdict = isFresh ? 'trusted' : await request.trust(connection.hostKey)
        if (verdict !== 'trusted') {
          line.retire('Its host key is no longer trusted.')
          throw untrustedFault(request.address, connection.hostKey, verdict)
        }
        refuseWhenClosed()
        return shellOn(line, make, giveBack)
      } catch (error) {
        giveBack()
        throw error
      }
    },
    probe: (request) =>
      probe(request, async (watch, use) => {
        refuseWhenClosed()
        const login = prepared(request.login)
        const make: MakeConnection = (signal, events) => makeConnection({ ...request, ...watch }, login, signal, events)
        const line = createLine(request.address, limits, () => {})
        try {
          await line.connection(make, request.signal)
          await using shell = shellOn(line, make, () => {})
          return await use(shell)
        } finally {
          line.close('the test is over')
        }
      }),
    close,
    connections: () => pool.connections(),
    [Symbol.asyncDispose]: close,
  }
}

const SLOW_HANDSHAKE_MS = 2_000

const secretOf = (login: SshLogin): (string | undefined)[] =>
  login.kind === 'password' ? [login.password] : [login.privateKey, login.passphrase]
