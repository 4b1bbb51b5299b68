import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { connectionConfig } from './connect.ts'
import type { Log } from './log.ts'

export type ListenerOptions = { readonly url: string; readonly applicationName: string; readonly log: Log }

/** @param payload what `pg_notify` was given; '' when nothing */
export type OnNotification = (payload: string) => void

export type Listener = {
  /**
   * Hears a channel from the moment the promise resolves. While the connection is down it resolves after the reconnection.
   *
   * @returns stops hearing
   */
  readonly listen: (channel: string, onNotification: OnNotification) => Promise<() => void>
  /** Called after each reconnection: notifications may have been missed, so read the database anew. */
  readonly onGap: (heard: () => void) => () => void
  readonly close: () => Promise<void>
}

/** A connection that died without a word (a NAT box, a pulled cable) is noticed after at most twice this. */
const pulseMs = 15_000
const shortestPauseMs = 100
const longestPauseMs = 5_000

/** One connection, until it breaks and another replaces it. */
type Session = {
  readonly client: Client
  readonly broken: PromiseWithResolvers<void>
  readonly replaced: PromiseWithResolvers<void>
}

/**
 * Opens the one connection that hears notifications. It needs a session of its own: not through PgBouncer in transaction mode.
 *
 * @throws Error when the first connection fails; later it reconnects for as long as it takes
 */
export const openListener = async ({ url, applicationName, log }: ListenerOptions): Promise<Listener> => {
  const channels = new Map<string, Set<OnNotification>>()
  const gapListeners = new Set<() => void>()
  const closing = new AbortController()

  const connect = async (): Promise<Session> => {
    const client = new Client({ ...connectionConfig(url, undefined, applicationName), query_timeout: pulseMs })
    const broken = Promise.withResolvers<void>()
    client.on('error', () => broken.resolve())
    client.on('end', () => broken.resolve())
    client.on('notification', ({ channel, payload }) => {
      for (const heard of channels.get(channel) ?? []) heard(payload ?? '')
    })
    try {
      await client.connect()
      for (const channel of channels.keys()) await hear(client, channel)
    } catch (error) {
      await client.end().catch(() => {}) // the failure to connect is the one to tell
      throw error
    }
    return { client, broken, replaced: Promise.withResolvers() }
  }

  const reconnect = async (): Promise<Session | undefined> => {
    for (let pauseMs = shortestPauseMs; !closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await connect()
      } catch (error) {
        log.warn({ err: error, pauseMs }, 'cannot hear the database; trying again')
        // spread out, so that many processes do not return in the same moment
        await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal: closing.signal }).catch(() => {})
      }
    }
    return undefined
  }

  let session: Promise<Session | undefined> = connect()
  await session

  const watch = async () => {
    for (let current = await session; current !== undefined; current = await session) {
      await current.broken.promise
      await current.client.end().catch(() => {})
      session = reconnect()
      current.replaced.resolve()
      if ((await session) === undefined) return
      log.info('hearing the database again')
      for (const heard of gapListeners) heard()
    }
  }
  const watching = watch()

  const pulse = setInterval(() => {
    void session.then((current) => current?.client.query('select').catch(() => current.broken.resolve()))
  }, pulseMs)
  pulse.unref()

  return {
    listen: async (channel, onNotification) => {
      const heard = channels.get(channel) ?? new Set()
      channels.set(channel, heard.add(onNotification))
      for (let current = await session; current !== undefined; current = await session) {
        try {
          await hear(current.client, channel)
          break
        } catch {
          current.broken.resolve()
          await current.replaced.promise
        }
      }
      // the channel stays open: a notification nobody wants costs less than a race
      return () => void heard.delete(onNotification)
    },
    onGap: (heard) => {
      gapListeners.add(heard)
      return () => void gapListeners.delete(heard)
    },
    close: async () => {
      closing.abort()
      clearInterval(pulse)
      const current = await session
      current?.broken.resolve()
      await watching
    },
  }
}

/** Harmless when the channel is heard already. */
const hear = (client: Client, channel: string) => client.query(`listen ${client.escapeIdentifier(channel)}`)
