import { cancelled, TransportError } from '../fault.ts'
import type { StartHabits } from '../posix/run.ts'
import type { Program } from '../posix/program.ts'
import { unlessAborted } from '../wait.ts'
import { ChannelRefused } from './channels.ts'
import type { Connection, ConnectionEvents } from './connection.ts'
import { placeName, type SshAddress } from './dial.ts'
import type { Learnt } from './learnt.ts'
import type { OpeningTime } from './spare-session.ts'

export type LineLimits = { channelsPerConnection: number; connectionsPerTarget: number }

/** Makes one more connection. The signal aborts when nobody waits for it any more. */
export type MakeConnection = (signal: AbortSignal, events: ConnectionEvents, times: OpeningTime) => Promise<Connection>

/** All connections to one target with one login: they share their limits and what was learnt of the target. */
export interface Line {
  readonly habits: StartHabits
  /** An open connection, made if there is none. `isFresh` when this very call made it. */
  connection(make: MakeConnection, signal: AbortSignal): Promise<{ connection: Connection; isFresh: boolean }>
  /** Starts a command line on a free channel, waiting for one if need be. Urgent ones have channels of their own. */
  start(
    make: MakeConnection,
    commandLine: string,
    signal: AbortSignal,
    how: { isUrgent: boolean; isTraceable: boolean },
  ): Promise<Program>
  connections(): readonly Connection[]
  isBusy(): boolean
  /** Keeps new commands off its connections and ends each when its last channel is free. */
  retire(reason: string): void
  /** Ends everything now. */
  close(reason: string): void
}

// of the ten that OpenSSH allows (MaxSessions), for stopping and looking while the others are all in use
const URGENT_CHANNELS = 1
const MOST_TRIES = 4
const GROW_AGAIN_MS = 10_000

export const createLine = (address: SshAddress, limits: LineLimits, learnt: Learnt, onChange: () => void): Line => {
  const open = new Set<Connection>()
  const retired = new Set<Connection>()
  let isClosed = false
  let growAgainAt = 0
  let changed = Promise.withResolvers<void>()
  let dialing: { result: Promise<Connection>; waiters: number; isOver: boolean; abort: AbortController } | undefined

  const channelLimit = (): number => learnt.channelLimit ?? limits.channelsPerConnection

  const change = (): void => {
    for (const connection of retired) if (connection.channels() === 0) connection.close('no longer needed')
    changed.resolve()
    changed = Promise.withResolvers()
    onChange()
  }

  const beginDialing = (make: MakeConnection): NonNullable<typeof dialing> => {
    const abort = new AbortController()
    const events: ConnectionEvents = {
      onChannelFree: change,
      onFull: (others) => {
        learnt.channelLimit = Math.max(1, Math.min(channelLimit(), others))
      },
      onClosed: () => {
        for (const connection of [...open, ...retired])
          if (!connection.isOpen()) {
            open.delete(connection)
            retired.delete(connection)
          }
        change()
      },
    }
    const result = make(abort.signal, events, learnt.times).then((connection) => {
      if (isClosed) connection.close('no longer needed')
      else if (connection.isOpen()) open.add(connection)
      return connection
    })
    const mine = { result, waiters: 0, isOver: false, abort }
    dialing = mine
    const over = (): void => {
      mine.isOver = true
      if (dialing === mine) dialing = undefined
      change()
    }
    result.then(over, over)
    return mine
  }

  const dialed = async (
    make: MakeConnection,
    signal: AbortSignal,
  ): Promise<{ connection: Connection; isFresh: boolean }> => {
    const isFresh = dialing === undefined
    const shared = dialing ?? beginDialing(make)
    shared.waiters++
    try {
      const connection = await unlessAborted(shared.result, signal, () => cancelled('connect', address))
      return { connection, isFresh }
    } finally {
      shared.waiters--
      if (shared.waiters === 0 && !shared.isOver) shared.abort.abort()
    }
  }

  const withRoom = (isUrgent: boolean): Connection | undefined => {
    const room = isUrgent ? limits.channelsPerConnection + URGENT_CHANNELS : channelLimit()
    return [...open].find((connection) => connection.isOpen() && connection.channels() < room)
  }

  const reserved = async (make: MakeConnection, signal: AbortSignal, isUrgent: boolean): Promise<Connection> => {
    for (let dials = 0; ;) {
      if (signal.aborted) throw cancelled('command', address)
      if (isClosed) throw closedFault(address)
      const free = withRoom(isUrgent)
      if (free !== undefined) {
        free.reserve() // here, before anyone else looks
        return free
      }
      const freed = changed.promise
      const most = limits.connectionsPerTarget + (isUrgent ? 1 : 0)
      if (open.size === 0) {
        // a server that lets us in and hangs up at once must not be asked for ever
        if (dials++ === MOST_TRIES) throw noChannel(address, new ChannelRefused('lost', 'hung up after each log-in'))
        await dialed(make, signal)
        continue
      }
      if (open.size < most && performance.now() >= growAgainAt)
        await dialed(make, signal).catch(() => {
          // beyond the first, a connection that cannot be made is no fault: the command waits for a channel
          growAgainAt = performance.now() + GROW_AGAIN_MS
        })
      else await unlessAborted(freed, signal, () => cancelled('command', address))
    }
  }

  return {
    habits: learnt.habits,
    async connection(make, signal) {
      const [first] = [...open].filter((connection) => connection.isOpen())
      return first === undefined ? dialed(make, signal) : { connection: first, isFresh: false }
    },
    async start(make, commandLine, signal, { isUrgent, isTraceable }) {
      for (let tries = 1; ;) {
        const connection = await reserved(make, signal, isUrgent)
        try {
          return await connection.open(commandLine, signal, isTraceable)
        } catch (error) {
          // nothing was sent to a channel that did not open: trying again cannot run a command twice
          if (!(error instanceof ChannelRefused)) throw error
          if (error.because === 'full' && !isUrgent && connection.channels() > 0) continue // waits for one of the others to end
          retire(connection)
          if (tries === MOST_TRIES) throw noChannel(address, error)
          tries++
        }
      }
    },
    connections: () => [...open],
    isBusy: () => dialing !== undefined || [...open, ...retired].some((connection) => connection.channels() > 0),
    retire: () => {
      for (const connection of open) retire(connection)
      change()
    },
    close(reason) {
      isClosed = true
      dialing?.abort.abort()
      for (const connection of [...open, ...retired]) connection.close(reason)
      open.clear()
      retired.clear()
    },
  }

  function retire(connection: Connection): void {
    open.delete(connection)
    retired.add(connection)
  }
}

const closedFault = (address: SshAddress): TransportError =>
  new TransportError('cancelled', 'command', 'OpsConductor is stopping.', { ...address, started: false })

const noChannel = (address: SshAddress, error: ChannelRefused): TransportError =>
  error.because === 'full'
    ? new TransportError(
        'refused',
        'command',
        `${placeName(address)} opens no session for a command. Check MaxSessions in its sshd_config.`,
        { ...address, started: false },
        error,
      )
    : new TransportError(
        'unreachable',
        'command',
        `The connection to ${placeName(address)} was lost before the command was sent. Try again.`,
        { ...address, started: false },
        error,
      )
