import type { Stopped } from '../shell.ts'
import { createDeadline } from '../wait.ts'
import { CopyEnd, type CopyResult } from './result.ts'

export type Scope = { signal: AbortSignal; abort: () => void }

/** Gives the work a signal that also ends with the first failure, and turns what ends it into a result. */
export const within = async (
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs?: number },
  work: (scope: Scope) => Promise<CopyResult>,
): Promise<CopyResult> => {
  const failure = new AbortController()
  using deadline = createDeadline(timeoutMs ?? 2 ** 31 - 1, signal)
  try {
    return await work({
      signal: AbortSignal.any([deadline.signal, failure.signal]),
      abort: () => failure.abort(),
    })
  } catch (error) {
    if (!(error instanceof CopyEnd)) throw error
    // seen from the commands, a time-out is a cancel too
    const { result } = error
    if (!deadline.signal.aborted || result.kind === 'unknown') return result
    const seen: Pick<Stopped, 'outcome' | 'pids'> =
      result.kind === 'stopped' ? result : { outcome: 'stopped', pids: [] }
    return { kind: 'stopped', because: deadline.cause(), outcome: seen.outcome, pids: seen.pids }
  }
}
