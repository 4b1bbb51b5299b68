/** A waking can be lost; so often we look without one. */
const pollMs = 1_000

export type Waiting = {
  isDone: () => Promise<boolean>
  /** @returns stops hearing */
  hear: (heard: () => void) => () => void
  withinMs: number
  signal: AbortSignal
}

/** Looks whenever it hears something, and each second. Ends when it is done, when the time is over, or when aborted. */
export const waitFor = async ({ isDone, hear, withinMs, signal }: Waiting): Promise<void> => {
  const until = performance.now() + withinMs
  let isHeard = false
  let stir = () => {}
  const heard = () => {
    isHeard = true
    stir()
  }
  const stopHearing = hear(heard)
  signal.addEventListener('abort', heard)
  try {
    while (!(await isDone()) && !signal.aborted && performance.now() < until) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(pollMs, Math.max(0, until - performance.now())))
        stir = () => {
          clearTimeout(timer)
          resolve()
        }
        if (isHeard) stir() // it came while we were looking
      })
      isHeard = false
    }
  } finally {
    signal.removeEventListener('abort', heard)
    stopHearing()
  }
}
