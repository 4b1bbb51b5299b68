import type { Station } from './station.ts'

export type StationPool = {
  /** The station of that name, kept at least until it is given back. A failed one is forgotten at once. */
  lend(name: string, open: (signal: AbortSignal) => Promise<Station>): Lent
  connections(): number
  close(): Promise<void>
}

export type Lent = { station: Promise<Station>; isFresh: boolean; giveBack: () => void; retire: () => void }

type Kept = { station: Promise<Station>; giveUp: AbortController; lent: number; timer: NodeJS.Timeout | undefined }

/** Keeps machines logged in to between uses, `idleMs` each, and no more unused ones than `maxIdle`. */
export const createStationPool = ({ idleMs, maxIdle }: { idleMs: number; maxIdle: number }): StationPool => {
  // in order of use: the one unused for longest comes first
  const kept = new Map<string, Kept>()
  const closing = new Set<Promise<void>>()

  const drop = (name: string, entry: Kept): void => {
    clearTimeout(entry.timer)
    if (kept.get(name) === entry) kept.delete(name)
    entry.giveUp.abort()
    const end = entry.station.then(
      (station) => station.close(),
      () => {},
    )
    closing.add(end)
    void end.finally(() => closing.delete(end))
  }

  const settle = (name: string, entry: Kept): void => {
    if (entry.lent > 0) return
    if (kept.get(name) !== entry) return drop(name, entry)
    entry.timer = setTimeout(() => drop(name, entry), idleMs)
    entry.timer.unref()
    let idle = [...kept.values()].filter(({ lent }) => lent === 0).length
    for (const [other, { lent }] of kept) {
      if (idle <= maxIdle) return
      if (lent > 0) continue
      drop(other, kept.get(other)!)
      idle--
    }
  }

  const begin = (name: string, open: (signal: AbortSignal) => Promise<Station>): Kept => {
    const giveUp = new AbortController()
    const entry: Kept = { station: open(giveUp.signal), giveUp, lent: 0, timer: undefined }
    kept.set(name, entry)
    entry.station.catch(() => {
      if (kept.get(name) === entry) kept.delete(name)
    })
    return entry
  }

  return {
    lend(name, open) {
      const known = kept.get(name)
      const entry = known ?? begin(name, open)
      kept.delete(name)
      kept.set(name, entry)
      clearTimeout(entry.timer)
      entry.lent++
      let isGivenBack = false
      return {
        station: entry.station,
        isFresh: known === undefined,
        retire: () => void (kept.get(name) === entry && kept.delete(name)),
        giveBack: () => {
          if (isGivenBack) return
          isGivenBack = true
          entry.lent--
          settle(name, entry)
        },
      }
    },
    connections: () => kept.size,
    async close() {
      for (const [name, entry] of kept) drop(name, entry)
      await Promise.all(closing)
    },
  }
}
