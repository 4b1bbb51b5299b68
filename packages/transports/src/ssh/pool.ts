import type { Line } from './line.ts'

export type Pool = {
  /** The line of that name, kept at least until it is given back. */
  lend(name: string, create: (onChange: () => void) => Line): { line: Line; giveBack: () => void }
  connections(): number
  close(reason: string): void
}

type Kept = { line: Line; lent: number; idleTimer: NodeJS.Timeout | undefined; connections: number }

/** Keeps lines open between uses: `idleMs` each, and no more than `maxConnections` connections that nobody uses. */
export const createPool = ({ idleMs, maxConnections }: { idleMs: number; maxConnections: number }): Pool => {
  // in order of use: the one unused for longest comes first
  const kept = new Map<string, Kept>()
  // counted as they come and go: with thousands, adding them up for each command would take longer than the command
  let total = 0

  const count = (entry: Kept, connections: number): void => {
    total += connections - entry.connections
    entry.connections = connections
  }

  const isIdle = ({ line, lent }: Kept): boolean => lent === 0 && !line.isBusy()

  const drop = (name: string, entry: Kept, reason: string): void => {
    clearTimeout(entry.idleTimer)
    kept.delete(name)
    count(entry, 0)
    entry.line.close(reason)
  }

  const makeRoom = (): void => {
    if (total <= maxConnections) return
    for (const [name, entry] of kept) {
      if (total <= maxConnections) return
      if (isIdle(entry)) drop(name, entry, 'Closed to make room for another.')
    }
  }

  const settle = (name: string, entry: Kept): void => {
    clearTimeout(entry.idleTimer)
    entry.idleTimer = undefined
    if (kept.get(name) !== entry) return
    count(entry, entry.line.connections().length)
    if (!isIdle(entry)) return
    if (entry.connections === 0) return drop(name, entry, 'no longer needed')
    entry.idleTimer = setTimeout(() => drop(name, entry, 'Unused for too long.'), idleMs)
    entry.idleTimer.unref()
  }

  return {
    lend(name, create) {
      const entry: Kept = kept.get(name) ?? {
        line: create(() => {
          settle(name, entry)
          makeRoom()
        }),
        lent: 0,
        idleTimer: undefined,
        connections: 0,
      }
      kept.delete(name)
      kept.set(name, entry)
      entry.lent++
      clearTimeout(entry.idleTimer)
      let isGivenBack = false
      return {
        line: entry.line,
        giveBack: () => {
          if (isGivenBack) return
          isGivenBack = true
          entry.lent--
          settle(name, entry)
          makeRoom()
        },
      }
    },
    connections: () => total,
    close(reason) {
      for (const [name, entry] of kept) drop(name, entry, reason)
    },
  }
}
