import type { Lane } from './lane.ts'

/** Lanes that nobody uses stay open for the next who needs one: a connection and a log-in are worth keeping. */
export type Lanes = {
  /** One for oneself. */
  take(): Lane
  /** It may be taken by someone else from now on. */
  give(lane: Lane): void
  close(): void
}

export const createLanes = (open: () => Lane): Lanes => {
  const free: Lane[] = []
  const all = new Set<Lane>()
  return {
    take() {
      const lane = free.pop() ?? open()
      all.add(lane)
      return lane
    },
    give(lane) {
      if (all.has(lane)) free.push(lane)
    },
    close() {
      for (const lane of all) lane.close()
      all.clear()
      free.length = 0
    },
  }
}
