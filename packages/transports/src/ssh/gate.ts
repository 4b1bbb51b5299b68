import { unlessAborted } from '../wait.ts'

export type Gate = {
  /** Waits its turn, first come, first served; the result lets the next one in and may be called twice. */
  enter(signal: AbortSignal, whenAborted: () => Error): Promise<() => void>
}

/** Lets `limit` in at a time. */
export const createGate = (limit: number): Gate => {
  let inside = 0
  const queue: PromiseWithResolvers<void>[] = []

  const leave = (): void => {
    const next = queue.shift()
    if (next === undefined) inside--
    else next.resolve() // the place goes from hand to hand
  }

  return {
    async enter(signal, whenAborted) {
      if (inside < limit) inside++
      else {
        const turn = Promise.withResolvers<void>()
        queue.push(turn)
        try {
          await unlessAborted(turn.promise, signal, whenAborted)
        } catch (error) {
          const place = queue.indexOf(turn)
          if (place >= 0) queue.splice(place, 1)
          else leave()
          throw error
        }
      }
      let hasLeft = false
      return () => {
        if (hasLeft) return
        hasLeft = true
        leave()
      }
    },
  }
}
