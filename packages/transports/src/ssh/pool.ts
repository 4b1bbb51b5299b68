import type { Line } from './line.ts'

export type Pool = {
  /** The line of that name, kept at least until it is given back. */
  lend(name: string, create: (onChange: () => void) => Line): { line: Line; giveBack: () => void }
  connections(): number
  close(reason: string): void
}

type Kept = { line: Line; lent: number; idleTimer: NodeJS.Timeout | undefined }

/** Keeps lines open between uses: `idleMs` each, and no more than `maxConnections` connections that nobody uses. */
export const createPool = ({ idleMs, maxConnections }: { idleMs: number; maxConnections: number }): Pool => {
  // in order of use: the one unused for longest comes first
  const kept = new Map<string, Kept>()

  const isIdle = ({ line, lent }: Kept): boolean => lent === 0 && !line.isBusy()
  const connections = (): number => [...kept.values()].reduce((sum, { line }) => sum + line.connections().length, 0)

  const drop = (name: string, entry: Kept, reason: string): void => {
    clearTimeout(entry.idleTimer)
    kept.delete(name)
    entry.line.close(reason)
  }

  const makeRoom = (): void => {
    let surplus = connections() - maxConnections
    if (surplus <= 0) return
    for (const [name, entry] of kept) {
      if (surplus <= 0) return
      if (!isIdle(entry)) continue
      surplus -= entry.line.connections().length
      drop(name, entry, 'Closed to make room for another.')
    }
  }

  const settle = (name: string, entry: Kept): void => {
    clearTimeout(entry.idleTimer)
    entry.idleTimer = undefined
    if (kept.get(name) !== entry || !isIdle(entry)) return
    if (entry.line.connections().length === 0) return drop(name, entry, 'no longer needed')
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
    connections,
    close(reason) {
      for (const [name, entry] of kept) drop(name, entry, reason)
    },
  }
}
