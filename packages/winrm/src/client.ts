import { createLane } from './connection/lane.ts'
import { createLanes } from './connection/lanes.ts'
import type { PhaseDone } from './connection/dial.ts'
import { CancelledError, type RemoteFault } from './errors.ts'
import { settle, type ConnectOptions } from './options.ts'
import type { Command } from './winrs/command.ts'
import { commandLineOf } from './cmd/command-line.ts'
import { createKeeper } from './winrs/keeper.ts'
import type { ShellSettings } from './winrs/requests.ts'
import { openShell, type RunOptions, type Shell } from './winrs/shell.ts'
import type { Station } from './winrs/shell-port.ts'
import { createEndpoint } from './wsman/endpoint.ts'
import { learnEnvelopeSize } from './wsman/limits.ts'

/** A logged-in client of one server. */
export type Client = {
  /**
   * Runs a command in a shell that is kept for the next one with the same settings, and replaced before Windows' quotas
   * bite. @throws as `Shell.run`
   */
  run(command: string, options?: RunOptions & ShellSettings): Promise<Command>
  /** A shell of one's own, to be closed by whoever asked for it. */
  shell(settings?: ShellSettings, signal?: AbortSignal): Promise<Shell>
  /**
   * Asks once how large a request may be; copying files gains by it. Resolves with the server's fault where it does not
   * say, which harms nothing else.
   */
  learnLimits(signal?: AbortSignal): Promise<RemoteFault | undefined>
  readonly maxEnvelopeBytes: number
  /** Ends the shells it has kept, and every connection. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
  /** For what else speaks WS-Management: see `psrp`. */
  readonly station: Station
}

const sameSettings = ({ workingDirectory, environment, codepage, noProfile, idleTimeoutMs }: ShellSettings) =>
  JSON.stringify([workingDirectory, Object.entries(environment ?? {}), codepage, noProfile, idleTimeoutMs])

/** A client that has not connected yet. @throws AuthError when the credentials do not fit the kind of connection */
export const createClient = (options: ConnectOptions, phaseDone?: PhaseDone): Client => {
  const settled = settle(options)
  const lanes = createLanes(() => createLane({ ...settled.lane, phaseDone }))
  const { reconnectMs, stopMs, maxCommandsPerShell } = settled
  const station: Station = {
    endpoint: createEndpoint(settled.endpoint),
    lanes,
    reconnectMs,
    stopMs,
    maxCommandsPerShell,
  }
  const keeper = createKeeper(
    (own: ShellSettings, signal) => openShell(station, own, signal),
    sameSettings,
    maxCommandsPerShell,
  )
  let learning: Promise<RemoteFault | undefined> | undefined

  const close = async () => {
    await keeper.close()
    lanes.close()
    const { authentication } = settled.lane
    if (authentication.kind === 'handshake') authentication.forget?.()
  }
  const learn = async (signal: AbortSignal | undefined) => {
    const lane = lanes.take()
    try {
      return await learnEnvelopeSize(station.endpoint, lane, signal)
    } finally {
      lanes.give(lane)
    }
  }
  /** What could not be asked is asked again the next time. */
  const forgetLearning = (error: unknown): never => {
    learning = undefined
    throw error
  }
  const learnLimits = async (signal?: AbortSignal): Promise<RemoteFault | undefined> => {
    try {
      return await (learning ??= learn(signal).catch(forgetLearning))
    } catch (error) {
      // it was another one, who had asked first, that gave up
      if (error instanceof CancelledError && signal?.aborted !== true) return learnLimits(signal)
      throw error
    }
  }
  return {
    async run(command, runOptions = {}) {
      commandLineOf(command, runOptions) // what cannot run opens no shell
      return keeper.run(runOptions, runOptions.signal, (shell) => shell.run(command, runOptions))
    },
    shell: (settings = {}, signal) => openShell(station, settings, signal),
    learnLimits,
    get maxEnvelopeBytes() {
      return station.endpoint.maxEnvelopeBytes
    },
    close,
    [Symbol.asyncDispose]: close,
    station,
  }
}

/**
 * Connects and logs in.
 * @throws ConnectionError, TlsError (with the fingerprint of the certificate that was shown), AuthError, ProtocolError,
 * TimeoutError, CancelledError. Basic and certificates are looked at by the server with the first command only.
 */
export const connect = async (options: ConnectOptions, signal?: AbortSignal): Promise<Client> => {
  const client = createClient(options)
  const lane = client.station.lanes.take()
  try {
    await lane.enter({ timeoutMs: options.connectTimeoutMs ?? 10_000, signal })
    client.station.lanes.give(lane)
    return client
  } catch (error) {
    await client.close()
    throw error
  }
}
