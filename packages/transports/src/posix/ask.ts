import { TransportError } from '../fault.ts'
import type { Ask } from './group.ts'
import { runOnShell, type Ground } from './run.ts'

const ANSWER_WITHIN_MS = 10_000

/** Short questions over the same wire; each has an end, and an answer that did not come is a TransportError. */
export const createAsk =
  (ground: Omit<Ground, 'control'>): Ask =>
  async (script) => {
    const chunks: Uint8Array[] = []
    const exit = await runOnShell(ground, {
      script,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      onOutput: (stream, bytes) => void (stream === 'stdout' && chunks.push(bytes)),
    })
    if (exit.kind === 'exited') return Buffer.concat(chunks).toString()
    throw exit.kind === 'stopped'
      ? new TransportError('timeout', 'command', 'The target did not answer a question about its processes.')
      : new TransportError('protocol', 'command', 'The target did not finish a question about its processes.')
  }
