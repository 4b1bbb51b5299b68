import { TransportError } from '../fault.ts'
import type { Connection } from './connection.ts'
import { placeName } from './dial.ts'
import type { Dial, SshEndpoint } from './endpoint.ts'
import { untrustedFault } from './handshake-fault.ts'
import type { Line, MakeConnection } from './line.ts'
import { createPhases, type OnPhase } from './phases.ts'

/** A machine on the way to the target; one connection to it serves all targets behind it. */
export type SshJump = SshEndpoint & {
  /** Whose connection it is: the machine and the version of its credential. */
  poolKey: string
}

/** A line to a jump host, borrowed. */
export type Borrowed = { line: Line; make: MakeConnection; giveBack: () => void }

export type Step = {
  dial: Dial
  onPhase: OnPhase | undefined
  /** The way to the last jump host before this endpoint. */
  before: { jump: SshJump; borrow: () => Borrowed } | undefined
}

/** How to make one more connection to an endpoint, jump hosts first. */
export const routeTo = ({ dial, onPhase, before }: Step): MakeConnection => {
  if (before === undefined)
    return (signal, events, times) => dial({ signal, events, times, phases: createPhases(onPhase), via: undefined })
  const { jump, borrow } = before
  return async (signal, events, times) => {
    const phases = createPhases(onPhase)
    const { line, make, giveBack } = borrow()
    try {
      const via = await atJump(jump, () => trusted(line, make, jump, signal))
      return await dial({
        signal,
        times,
        phases,
        via,
        events: {
          ...events,
          onClosed: () => {
            giveBack() // until then the jump host's connection is in use
            events.onClosed()
          },
        },
      })
    } catch (error) {
      giveBack()
      throw error
    }
  }
}

const trusted = async (line: Line, make: MakeConnection, jump: SshJump, signal: AbortSignal): Promise<Connection> => {
  const { connection, isFresh } = await line.connection(make, signal)
  const verdict = isFresh ? 'trusted' : await jump.trust(connection.hostKey)
  if (verdict === 'trusted') return connection
  line.retire('Its host key is no longer trusted.')
  throw untrustedFault(jump.address, connection.hostKey, verdict)
}

/** Trust is asked again for each machine on the way whenever an open connection is lent. Throws `untrusted`. */
export const trustAgain = async (
  connection: Connection,
  target: SshEndpoint,
  jumps: readonly SshJump[],
): Promise<void> => {
  for (const [index, jump] of jumps.entries()) {
    const key = connection.hopKeys[index]
    const verdict = key === undefined ? 'trusted' : await jump.trust(key)
    if (key !== undefined && verdict !== 'trusted')
      await atJump(jump, async () => {
        throw untrustedFault(jump.address, key, verdict)
      })
  }
  const verdict = await target.trust(connection.hostKey)
  if (verdict !== 'trusted') throw untrustedFault(target.address, connection.hostKey, verdict)
}

/** Says of a fault at which jump host it happened. To the target it is one of connecting. */
const atJump = async <T>(jump: SshJump, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof TransportError) || error.fault === 'cancelled') throw error
    const place = placeName(jump.address)
    // the one further back has said already which it was
    if (error.details.jumpHost !== undefined) throw error
    throw new TransportError(
      error.fault,
      'connect',
      `On the way over the jump host ${place}: ${error.message}`,
      { ...error.details, jumpHost: place, jumpPhase: error.phase },
      error,
    )
  }
}
