import { unlessCancelled } from '../connection/waiting.ts'
import { QuotaError, ShellLostError } from '../errors.ts'

/** A place on the server in which one command after the other runs: a shell, or a runspace. */
export type Place = {
  readonly isUsable: boolean
  /** Commands run in it so far. */
  readonly commandCount: number
  close(): Promise<void>
}

/**
 * Places kept for the next command of the same settings. WinRS does not give an operation back to the user's quota
 * before its shell ends, whatever is signalled: so a place is left before the quota (1,500; 15 on 2008 R2) bites.
 */
export type Keeper<P extends Place, S> = {
  /** Starts a command in a place that is free, or in a new one. @throws what `open` and `start` throw */
  run<C extends { readonly exit: Promise<unknown> }>(
    settings: S,
    signal: AbortSignal | undefined,
    start: (place: P) => Promise<C>,
  ): Promise<C>
  close(): Promise<void>
}

const IDLE_CLOSE_MS = 60_000

const giveAfter = async (exit: Promise<unknown>, give: () => void) => {
  await exit.catch(() => {})
  give()
}

/**
 * @param keyOf places with the same key can take each other's commands
 * @param maxCommands after so many a place is left for a new one
 */
export const createKeeper = <P extends Place, S>(
  open: (settings: S, signal: AbortSignal | undefined) => Promise<P>,
  keyOf: (settings: S) => string,
  maxCommands: number,
): Keeper<P, S> => {
  const idle = new Map<string, Set<P>>()
  const timers = new Map<P, NodeJS.Timeout>()
  const all = new Set<P>()
  let isClosed = false

  const leaving = new Set<Promise<void>>()

  const leave = async (place: P) => {
    all.delete(place)
    const left = place.close()
    leaving.add(left)
    await left
    leaving.delete(left)
  }

  const take = (key: string): P | undefined => {
    for (const place of idle.get(key) ?? []) {
      idle.get(key)!.delete(place)
      clearTimeout(timers.get(place))
      timers.delete(place)
      if (place.isUsable) return place
      void leave(place)
    }
    return undefined
  }

  const give = (key: string, place: P) => {
    if (isClosed || !place.isUsable || place.commandCount >= maxCommands) {
      void leave(place)
      return
    }
    if (!idle.has(key)) idle.set(key, new Set())
    idle.get(key)!.add(place)
    const timer = setTimeout(() => {
      idle.get(key)?.delete(place)
      timers.delete(place)
      void leave(place)
    }, IDLE_CLOSE_MS)
    timer.unref()
    timers.set(place, timer)
  }

  const runIn = async <C extends { readonly exit: Promise<unknown> }>(
    key: string,
    place: P,
    start: (place: P) => Promise<C>,
  ): Promise<C> => {
    try {
      const running = await start(place)
      void giveAfter(running.exit, () => give(key, place))
      return running
    } catch (error) {
      if (error instanceof QuotaError) void leave(place)
      else give(key, place)
      throw error
    }
  }

  const leaveIdle = () => {
    for (const [place, timer] of timers) {
      clearTimeout(timer)
      void leave(place)
    }
    timers.clear()
    idle.clear()
  }

  /** A quota of shells is the user's: those kept for other settings make room. */
  const openWithin = async (settings: S, signal: AbortSignal | undefined) => {
    try {
      return await open(settings, signal)
    } catch (error) {
      if (!(error instanceof QuotaError)) throw error
      leaveIdle()
      if (leaving.size === 0) throw error
      await unlessCancelled(Promise.all(leaving), signal)
      return open(settings, signal)
    }
  }

  const fresh = async (settings: S, signal: AbortSignal | undefined) => {
    const place = await openWithin(settings, signal)
    all.add(place)
    return place
  }

  return {
    async run(settings, signal, start) {
      const key = keyOf(settings)
      const kept = take(key)
      if (kept === undefined) return runIn(key, await fresh(settings, signal), start)
      try {
        return await runIn(key, kept, start)
      } catch (error) {
        // it ended while nobody used it, or its quota did: the command has not begun, a new place takes it
        if (!(error instanceof ShellLostError || error instanceof QuotaError)) throw error
        await leave(kept)
        return runIn(key, await fresh(settings, signal), start)
      }
    },
    async close() {
      isClosed = true
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all([...all].map(leave))
    },
  }
}
