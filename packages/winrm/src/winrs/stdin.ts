import { pause } from '../connection/waiting.ts'
import { RemoteFault } from '../errors.ts'
import { FaultCode } from '../wsman/fault.ts'
import { Action } from '../wsman/namespaces.ts'
import { sendBody, sendCapacity } from './requests.ts'
import type { Command, CommandLimits } from './command.ts'
import type { Ask } from './shell-port.ts'

/** Everything a command may be given to read. */
export type Input = string | Uint8Array | AsyncIterable<string | Uint8Array>

const BUSY_RETRIES = 3
const BUSY_PAUSE_MS = 250

export const inputBytes = (data: string | Uint8Array): Buffer =>
  typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength)

/** Whether it fits into one Send, so that it can go ahead of the first Receive. */
export const fitsOneSend = (input: Input, maxEnvelopeBytes: number): input is string | Uint8Array =>
  (typeof input === 'string' || input instanceof Uint8Array) &&
  inputBytes(input).length <= sendCapacity(maxEnvelopeBytes)

/** One Send. It is never repeated after a lost connection: nobody knows whether it arrived. */
export const sendPiece = async (
  ask: Ask,
  commandId: string,
  data: Buffer,
  isLast: boolean,
  signal?: AbortSignal,
): Promise<void> => {
  const body = sendBody(commandId, data, isLast)
  for (let attempt = 0; ; attempt++) {
    try {
      await ask({ action: Action.send, body, signal })
      return
    } catch (error) {
      if (!(error instanceof RemoteFault)) throw error
      // taken, but the command has not read it yet
      if (error.code === FaultCode.operationTimedOut) return
      if (error.code !== FaultCode.busy || attempt === BUSY_RETRIES) throw error
      await pause(BUSY_PAUSE_MS * (attempt + 1), signal)
    }
  }
}

/** Cut into what one Send takes; an empty piece when there is nothing, for the end has to be said. */
export function* pieces(data: Buffer, sizeBytes: number): Generator<Buffer, void, void> {
  for (let at = 0; at < data.length || at === 0; at += sizeBytes) yield data.subarray(at, at + sizeBytes)
}

/**
 * Writes happen one after the other and end quietly with the command: one may end without reading its input, and the
 * server then knows it no more.
 */
export const writesInTurn = (isOver: () => boolean) => {
  let last: Promise<void> = Promise.resolve()
  const write = async (before: Promise<void>, work: () => Promise<void>) => {
    await before.catch(() => {})
    if (isOver()) return
    try {
      await work()
    } catch (error) {
      if (!isOver() && !(error instanceof RemoteFault)) throw error
    }
  }
  return (work: () => Promise<void>): Promise<void> => (last = write(last, work))
}

/** Gives a command all of its input, and the end of it. */
const feed = async (command: Pick<Command, 'write' | 'end' | 'isOver'>, input: Input): Promise<void> => {
  if (typeof input === 'string' || input instanceof Uint8Array) await command.write(input)
  else
    for await (const data of input) {
      if (command.isOver) break // an input without end must not go on alone
      await command.write(data)
    }
  await command.end()
}

/**
 * A command that is fed while it runs. An input that fails ends it, with the failure as the cause: half an input may be
 * worse than none.
 */
export const feeding = <C extends Pick<Command, 'write' | 'end' | 'isOver'>>(
  input: Input | undefined,
  limits: CommandLimits,
  follow: (limits: CommandLimits) => C,
): C => {
  if (input === undefined) return follow(limits)
  const failing = new AbortController()
  const signal = AbortSignal.any([failing.signal, ...(limits.signal === undefined ? [] : [limits.signal])])
  const command = follow({ ...limits, signal })
  feed(command, input).catch((error: unknown) => failing.abort(error))
  return command
}
