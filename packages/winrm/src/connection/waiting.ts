import { setTimeout as sleepFor } from 'node:timers/promises'
import { CancelledError, TimeoutError } from '../errors.ts'

const wasCancelled = (signal: AbortSignal) =>
  new CancelledError('Cancelled by the caller.', { cause: signal.reason as unknown })

/** @throws CancelledError when the caller has asked to stop */
export const throwIfCancelled = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw wasCancelled(signal)
}

/** What may take `limitMs`, and what of it this is. */
export type Limit = {
  readonly phase: TimeoutError['phase']
  readonly limitMs: number
  /** For the message: `Connecting to server:5985`. */
  readonly what: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `work` until it is done, the time is over or the caller cancels, whatever comes first. In the last two cases
 * `giveUp` is called, to let go of whatever `work` holds; what it comes to after that is nobody's business any more.
 * @throws TimeoutError, CancelledError, and what `work` throws
 */
export const within = async <T>(limit: Limit, work: Promise<T>, giveUp: () => void): Promise<T> => {
  const { phase, limitMs, what, signal } = limit
  const ended = Promise.withResolvers<never>()
  const stop = (error: Error) => {
    ended.reject(error)
    giveUp()
  }
  const cancel = () => stop(wasCancelled(signal!))
  const timer = setTimeout(
    () => stop(new TimeoutError(phase, limitMs, `${what} took longer than ${limitMs} ms.`)),
    limitMs,
  )
  if (signal?.aborted === true) cancel()
  else signal?.addEventListener('abort', cancel, { once: true })
  work.catch(() => {}) // it is heard below, or not at all
  try {
    return await Promise.race([work, ended.promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
  }
}

/** @throws CancelledError */
export const pause = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
  await sleepFor(ms, undefined, signal === undefined ? {} : { signal }).catch(() => throwIfCancelled(signal))
}

/** Waits for `work`, but no longer than the caller wants to. @throws CancelledError, and what `work` throws */
export const unlessCancelled = async <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work
  const cancelled = Promise.withResolvers<never>()
  const cancel = () => cancelled.reject(wasCancelled(signal))
  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })
  work.catch(() => {})
  try {
    return await Promise.race([work, cancelled.promise])
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
