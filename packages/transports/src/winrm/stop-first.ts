import type { Stopped } from '../shell.ts'
import { unlessAborted } from '../wait.ts'

/** Ends a command and all it has started, and looks. Never rejects for the machine's sake. */
export type StopFirst = (because: Stopped['because'], signal: AbortSignal) => Promise<Stopped>

/** A PowerShell takes seconds to begin. */
const LOOK_WITHIN_MS = 15_000

/** Nobody has looked. */
export const unconfirmed = (because: Stopped['because']): Stopped => ({
  kind: 'stopped',
  because,
  outcome: 'unconfirmed',
  pids: [],
})

/** How a command is stopped that is looked at first. */
export type Stopper = Disposable & {
  /** Ends the command over its head. */
  signal: AbortSignal
  /** The command has begun; before that a cancel goes straight to `signal`. */
  watch(exit: Promise<unknown>): void
  /** What stopping it came to, once that was asked for. */
  stopped(): Promise<Stopped> | undefined
}

/**
 * Stops a command by looking first: once its first process is dead, nobody can tell what that has started. What has not
 * ended by it is ended as other commands are, and then nothing is known for sure.
 *
 * @param stopMs how long it has to be over after the look
 */
export const createStopper = (
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs?: number | undefined },
  stopFirst: StopFirst,
  stopMs: number,
): Stopper => {
  const ending = new AbortController()
  let watched: Promise<unknown> | undefined
  let stopped: Promise<Stopped> | undefined
  let timer: NodeJS.Timeout | undefined

  const within = async <T>(work: (limit: AbortSignal) => Promise<T>, limitMs: number, otherwise: T): Promise<T> => {
    const limit = AbortSignal.timeout(limitMs)
    const isLate = new Error('It took too long.')
    try {
      return await unlessAborted(work(limit), limit, () => isLate)
    } catch (error) {
      if (error === isLate) return otherwise
      throw error
    }
  }

  const look = async (because: Stopped['because'], exit: Promise<unknown>): Promise<Stopped> => {
    const looked = await within((limit) => stopFirst(because, limit), LOOK_WITHIN_MS, unconfirmed(because))
    const over = exit.then(
      () => true,
      () => true,
    )
    if (await within(() => over, stopMs, false)) return looked
    ending.abort()
    return looked.outcome === 'still_running' ? looked : unconfirmed(because)
  }
  const stop = (because: Stopped['because']): void => {
    if (watched === undefined) ending.abort()
    else stopped ??= look(because, watched)
  }
  const cancel = (): void => stop('cancelled')
  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })

  return {
    signal: ending.signal,
    watch(exit) {
      watched = exit
      if (timeoutMs !== undefined) timer = setTimeout(() => stop('timeout'), timeoutMs)
    },
    stopped: () => stopped,
    [Symbol.dispose]() {
      clearTimeout(timer)
      signal.removeEventListener('abort', cancel)
    },
  }
}
