import type { Lane } from '../connection/lane.ts'
import type { Lanes } from '../connection/lanes.ts'
import type { Endpoint, Operation } from '../wsman/endpoint.ts'
import type { XmlElement } from '../wsman/xml-reader.ts'

/** What a client lends to its shells. */
export type Station = {
  readonly endpoint: Endpoint
  readonly lanes: Lanes
  /** For how long a lost connection is sought again while a command runs. */
  readonly reconnectMs: number
  /** How long a command has to end after it was told to; then its shell is deleted over its head. */
  readonly stopMs: number
  /** After so many commands a kept shell is left for a new one. */
  readonly maxCommandsPerShell: number
}

/** A question about one shell: the rest of the heading is the shell's. */
export type ShellOperation = Pick<Operation, 'action' | 'body' | 'isRepeatable' | 'messageId'> & {
  readonly options?: Readonly<Record<string, string>>
  readonly operationTimeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

export type Ask = (operation: ShellOperation) => Promise<XmlElement>

/** A shell as its commands see it. */
export type ShellPort = {
  readonly endpoint: Endpoint
  readonly reconnectMs: number
  readonly stopMs: number
  /** On the shell's own lane, in turn. */
  readonly ask: Ask
  /** Beside it, on a lane of its own: a waiting Receive is not disturbed. */
  readonly askBeside: Ask
  /** Ends it with all that runs in it, beside; it is unusable from now on. Whether the server confirmed. */
  readonly abandon: () => Promise<boolean>
}

export const shellPort = (
  station: Station,
  lane: Lane,
  shell: { readonly id: string; readonly resourceUri: string },
  abandon: () => Promise<boolean>,
): ShellPort => {
  const whole = (operation: ShellOperation): Operation => ({
    ...operation,
    shellId: shell.id,
    resourceUri: shell.resourceUri,
  })
  return {
    endpoint: station.endpoint,
    reconnectMs: station.reconnectMs,
    stopMs: station.stopMs,
    ask: (operation) => station.endpoint.ask(lane, whole(operation)),
    askBeside: async (operation) => {
      const beside = station.lanes.take()
      try {
        return await station.endpoint.ask(beside, whole(operation))
      } finally {
        station.lanes.give(beside)
      }
    },
    abandon,
  }
}
