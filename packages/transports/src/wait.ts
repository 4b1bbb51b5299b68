import { setTimeout as delay } from 'node:timers/promises'

/** A timer that does not keep the process alive. */
export const sleep = (ms: number): Promise<void> => delay(ms, undefined, { ref: false })

/**
 * What `work` gives, unless `signal` aborts first: then rejects with what `whenAborted` makes. The work itself is not
 * ended by this, and its later failure is nobody's any more.
 */
export const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal, whenAborted: () => Error): Promise<T> => {
  work.catch(() => {})
  if (signal.aborted) throw whenAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(whenAborted())
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

export type Deadline = Disposable & {
  signal: AbortSignal
  /** Which of the two aborted `signal`. */
  cause(): 'timeout' | 'cancelled'
}

/** One signal for "the caller gave up" and "it took too long". Dispose of it when the work is done. */
export const createDeadline = (timeoutMs: number, signal: AbortSignal): Deadline => {
  const controller = new AbortController()
  let cause: 'timeout' | 'cancelled' = 'cancelled'
  const onAbort = (): void => controller.abort()
  const timer = setTimeout(() => {
    cause = 'timeout'
    controller.abort()
  }, timeoutMs)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    cause: () => cause,
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}
