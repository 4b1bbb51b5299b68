import { createHmac, randomBytes } from 'node:crypto'
import { cancelled, TransportError } from '../fault.ts'
import { createOpensshDialer, type OpensshOptions } from '../openssh/dialer.ts'
import { checkPlace } from '../posix/place.ts'
import { createPosixShell } from '../posix/shell.ts'
import type { PosixShell } from '../posix/posix-shell.ts'
import type { Dialer, SshClient, SshEndpoint } from './endpoint.ts'
import { createGate } from './gate.ts'
import { createLearning } from './learnt.ts'
import { createLine, type Line, type MakeConnection } from './line.ts'
import type { OnPhase } from './phases.ts'
import { createPool } from './pool.ts'
import { probe, type ProbeReport } from './probe.ts'
import { routeTo, trustAgain, type Borrowed, type SshJump } from './route.ts'
import { createSsh2Dialer } from './ssh2-dialer.ts'

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
  /**
   * The private folder on targets for guards and the output of detached commands, absolute or beginning with `~/`; unless
   * told `~/.opsconductor`, and where that cannot be, one in /var/tmp or /tmp.
   */
  guardDirectory?: string
  /** For endpoints whose client is `openssh`. */
  openssh?: OpensshOptions
}

export type SshRequest = SshEndpoint & {
  /** The machines on the way, the nearest to us first. Behind them the target's name is looked up by the last one. */
  jumps?: readonly SshJump[]
  signal: AbortSignal
  onPhase?: OnPhase
}

export type SshConnectRequest = SshRequest & {
  /** Whose connection it is: the target and the version of its credential. */
  poolKey: string
  /** In place of the wire's own, for this target. `connect` rejects with a RangeError when it is no path for a folder. */
  guardDirectory?: string
}

export interface SshWire extends AsyncDisposable {
  /** A shell over an open connection or a new one (then the phases are reported). Throws TransportError. */
  connect(request: SshConnectRequest): Promise<PosixShell>
  /** Tries everything over a connection of its own (jump hosts' are shared), and says how far it came. Never throws. */
  probe(request: SshRequest): Promise<ProbeReport>
  /** Ends all connections; commands still running become `unknown`. */
  close(): Promise<void>
  /** Connections open now, those to jump hosts included. */
  connections(): number
}

/** @throws RangeError when `guardDirectory` is no path for a folder */
export const createSshWire = (options: SshWireOptions = {}): SshWire => {
  checkPlace(options.guardDirectory)
  const lingerMs = options.lingerMs ?? 2_000
  const limits = {
    channelsPerConnection: options.channelsPerConnection ?? 8,
    connectionsPerTarget: options.connectionsPerTarget ?? 2,
  }
  const dialing = {
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    keepaliveIntervalMs: options.keepaliveIntervalMs ?? 20_000,
    keepaliveCountMax: options.keepaliveCountMax ?? 3,
    gate: createGate(options.handshakesInFlight ?? 10),
  }
  const dialers: Record<SshClient, Dialer> = {
    ssh2: createSsh2Dialer(dialing),
    openssh: createOpensshDialer(dialing, options.openssh ?? {}),
  }
  const pool = createPool({ idleMs: options.idleMs ?? 300_000, maxConnections: options.maxConnections ?? 2_000 })
  const learning = createLearning()
  const nameKey = randomBytes(32)
  let isClosed = false

  const newLine = (endpoint: SshEndpoint, jumps: readonly SshJump[], onChange: () => void): Line => {
    const way = [...jumps, endpoint].map(({ address, client, login }) => [
      client,
      address.host,
      address.port,
      login.username,
    ])
    return createLine(endpoint.address, limits, learning.of(JSON.stringify(way)), onChange)
  }

  // the secrets are part of the name, so that a connection never serves someone who could not have opened it
  const nameOf = (endpoint: SshJump, jumps: readonly SshJump[]): string => {
    const parts = [...jumps, endpoint].map(({ poolKey, address, client, login }) => [
      poolKey,
      address.host,
      address.port,
      client ?? 'ssh2',
      Object.entries(login).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ])
    return createHmac('sha256', nameKey).update(JSON.stringify(parts)).digest('base64')
  }

  const route = (endpoint: SshEndpoint, jumps: readonly SshJump[], onPhase?: OnPhase): MakeConnection => {
    const jump = jumps.at(-1)
    const before = jumps.slice(0, -1)
    // an OpenSSH master is reached through OpenSSH masters only
    const hop = jump === undefined || endpoint.client !== 'openssh' ? jump : { ...jump, client: endpoint.client }
    return routeTo({
      dial: dialers[endpoint.client ?? 'ssh2'].prepare(endpoint),
      onPhase,
      before: hop === undefined ? undefined : { jump: hop, borrow: borrower(hop, before) },
    })
  }

  /** Reads the login at once, and lends the line whenever it is called. */
  const borrower = (endpoint: SshJump, jumps: readonly SshJump[], onPhase?: OnPhase): (() => Borrowed) => {
    const make = route(endpoint, jumps, onPhase)
    const name = nameOf(endpoint, jumps)
    return () => ({ make, ...pool.lend(name, (onChange) => newLine(endpoint, jumps, onChange)) })
  }

  const shellOn = ({ line, make, giveBack }: Borrowed, directory = options.guardDirectory): PosixShell =>
    createPosixShell({
      start: (commandLine, signal, isTraceable = false) =>
        line.start(make, commandLine, signal, { isUrgent: false, isTraceable }),
      startUrgent: (commandLine, signal) =>
        line.start(make, commandLine, signal, { isUrgent: true, isTraceable: false }),
      habits: line.habits,
      lingerMs,
      directory,
      giveBack,
    })

  const refuseWhenClosed = (): void => {
    if (isClosed) throw new TransportError('cancelled', 'connect', 'OpsConductor is stopping.', { started: false })
  }

  const close = async (): Promise<void> => {
    isClosed = true
    pool.close('OpsConductor is stopping.')
    dialers.ssh2.close()
    dialers.openssh.close()
  }

  return {
    async connect(request) {
      refuseWhenClosed()
      if (request.signal.aborted) throw cancelled('connect', request.address)
      const jumps = request.jumps ?? []
      const borrowed = borrower(request, jumps, request.onPhase)()
      const { line, make, giveBack } = borrowed
      try {
        const { connection, isFresh } = await line.connection(make, request.signal)
        if (!isFresh)
          await trustAgain(connection, request, jumps).catch((error: unknown) => {
            if (error instanceof TransportError) line.retire('Its host key is no longer trusted.')
            throw error
          })
        refuseWhenClosed()
        return shellOn(borrowed, request.guardDirectory)
      } catch (error) {
        giveBack()
        throw error
      }
    },
    probe: (request) =>
      probe(request, async (watch, use) => {
        refuseWhenClosed()
        const jumps = request.jumps ?? []
        const make = route({ ...request, trust: watch.trust }, jumps, watch.onPhase)
        const line = newLine(request, jumps, () => {})
        try {
          await line.connection(make, request.signal)
          await using shell = shellOn({ line, make, giveBack: () => {} })
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
