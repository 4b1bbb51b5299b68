import type { Lane } from '../connection/lane.ts'
import { RemoteFault } from '../errors.ts'
import type { Endpoint } from './endpoint.ts'
import { Action, Ns } from './namespaces.ts'
import { descendant } from './xml-reader.ts'

/** More would only make each request slower. */
const LARGEST_ENVELOPE_BYTES = 512_000

/**
 * Asks the server how large an envelope may be, and uses it from then on. That needs rights not everybody has and
 * fails on old systems: then the size every Windows takes stays. MaxEnvelopeSizekb, MS-WSMV 2.2.4.6
 *
 * @returns the fault with which the server refuses to say
 */
export const learnEnvelopeSize = async (
  endpoint: Endpoint,
  lane: Lane,
  signal?: AbortSignal,
): Promise<RemoteFault | undefined> => {
  try {
    const body = await endpoint.ask(lane, {
      action: Action.get,
      resourceUri: Ns.config,
      body: '',
      isRepeatable: true,
      signal,
    })
    const kilobytes = Number(descendant(body, Ns.config, 'MaxEnvelopeSizekb')?.text)
    if (Number.isInteger(kilobytes) && kilobytes * 1_024 > endpoint.maxEnvelopeBytes)
      endpoint.maxEnvelopeBytes = Math.min(kilobytes * 1_024, LARGEST_ENVELOPE_BYTES)
    return undefined
  } catch (error) {
    if (!(error instanceof RemoteFault)) throw error
    return error
  }
}
