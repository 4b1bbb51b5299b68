import { createHmac, randomBytes } from 'node:crypto'
import { cancelled, TransportError } from '../fault.ts'
import type { GuardedShell } from '../posix/posix-shell.ts'
import { unlessAborted } from '../wait.ts'
import type { WinrmEndpoint } from './endpoint.ts'
import { createStationPool } from './pool.ts'
import { probeWindows, type WinrmProbeReport } from './probe.ts'
import { createWindowsShell } from './shell.ts'
import type { Habits } from './sweep.ts'
import { isOutdated, openStation, requirePinned, type StationLimits } from './station.ts'

export type WinrmWireOptions = {
  /** How long an unused machine stays logged in to; 5 minutes unless told. */
  idleMs?: number
  /** How many machines stay logged in to when not in use; 2,000 unless told. */
  maxIdle?: number
  /** For name, TCP and TLS together, and again for the log-in; 10 s unless told. */
  connectTimeoutMs?: number
  /** For how long a lost connection is sought again while a command runs; 60 s unless told. */
  reconnectMs?: number
  /** How long a command has to end after it was told to; then its shell is ended over its head. 5 s unless told. */
  stopMs?: number
}

export type WinrmRequest = WinrmEndpoint & { signal: AbortSignal }

/** @param poolKey whose connection it is: the target and the version of its credential */
export type WinrmConnectRequest = WinrmRequest & { poolKey: string }

export interface WinrmWire extends AsyncDisposable {
  /** A shell of a machine that is logged in to already, or now. Throws TransportError. */
  connect(request: WinrmConnectRequest): Promise<GuardedShell>
  /** Tries everything over a connection of its own, and says how far it came. Never throws. */
  probe(request: WinrmRequest): Promise<WinrmProbeReport>
  /** Ends all connections; commands still running become `unknown`. */
  close(): Promise<void>
  /** Machines logged in to now. */
  connections(): number
}

export const createWinrmWire = (options: WinrmWireOptions = {}): WinrmWire => {
  const limits: StationLimits = {
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    reconnectMs: options.reconnectMs ?? 60_000,
    stopMs: options.stopMs ?? 5_000,
  }
  const pool = createStationPool({ idleMs: options.idleMs ?? 300_000, maxIdle: options.maxIdle ?? 2_000 })
  const nameKey = randomBytes(32)
  const habits = new Map<string, Habits>()
  let isClosed = false

  // the secrets are part of the name, so that a connection never serves someone who could not have opened it
  const nameOf = ({ poolKey, address, isHttps, path, login, transport, trust }: WinrmConnectRequest): string => {
    const own = Object.entries(login).toSorted(([a], [b]) => (a < b ? -1 : 1))
    const trusted = trust.kind === 'authority' ? (trust.ca ?? '') : 'pinned'
    const parts = [poolKey, address.host, address.port, isHttps, path, own, transport, trust.kind, trusted]
    return createHmac('sha256', nameKey).update(JSON.stringify(parts)).digest('base64')
  }

  const habitsOf = (name: string): Habits => {
    const known = habits.get(name) ?? {}
    habits.set(name, known)
    return known
  }

  const refuseWhenClosed = (): void => {
    if (isClosed) throw new TransportError('cancelled', 'connect', 'OpsConductor is stopping.', { started: false })
  }

  const close = async (): Promise<void> => {
    isClosed = true
    await pool.close()
  }

  return {
    async connect(request) {
      refuseWhenClosed()
      const { signal, poolKey: _, ...endpoint } = request
      const givenUp = () => cancelled('connect', request.address)
      if (signal.aborted) throw givenUp()
      const name = nameOf(request)
      const lend = () => pool.lend(name, (limit) => openStation(endpoint, limits, limit))
      let lent = lend()
      try {
        let station = await unlessAborted(lent.station, signal, givenUp)
        if (!lent.isFresh && (await isOutdated(station, endpoint, limits, signal))) {
          lent.retire()
          lent.giveBack()
          lent = lend()
          station = await unlessAborted(lent.station, signal, givenUp)
        }
        if (!lent.isFresh && station.pinned !== undefined)
          await requirePinned(endpoint, station.pinned).catch((error: unknown) => {
            if (error instanceof TransportError) lent.retire()
            throw error
          })
        refuseWhenClosed()
        return createWindowsShell(station, endpoint, { giveBack: () => lent.giveBack(), habits: habitsOf(name) })
      } catch (error) {
        lent.giveBack()
        throw error
      }
    },
    probe: ({ signal, ...endpoint }) => probeWindows(endpoint, limits, signal),
    close,
    connections: () => pool.connections(),
    [Symbol.asyncDispose]: close,
  }
}
