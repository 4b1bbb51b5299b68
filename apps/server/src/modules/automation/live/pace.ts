/** One in a while, and so many at once after a silence. */
export type Pace = { everyMs: number; burst: number }

/** @returns takes a turn: how long to wait for it, in milliseconds */
export const createTurns = ({ everyMs, burst }: Pace, now: () => number = () => performance.now()) => {
  /** When the turns that were taken would all be over, one after the other. */
  let takenUntil = -Infinity
  return (): number => {
    const at = now()
    takenUntil = Math.max(takenUntil, at) + everyMs
    return Math.max(0, takenUntil - at - burst * everyMs)
  }
}
