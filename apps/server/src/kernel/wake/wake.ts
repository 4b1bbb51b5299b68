import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Listener } from '../database/index.ts'

/**
 * Tells other threads, processes and machines that something is worth looking at. Only the topic travels: the database
 * is the truth, and a waking that is lost costs at most the next poll.
 */
export type Wake = {
  /** After the commit; many calls in one moment become one notification. */
  announce: (topic: string) => void
  /** Hears a topic, and also every gap in which it may have been missed. @returns stops hearing */
  hear: (topic: string, heard: () => void) => () => void
  close: () => Promise<void>
}

const channel = 'opsconductor'
/** PostgreSQL refuses payloads of 8,000 bytes; topics are far below 100. */
const topicsPerNotification = 60

export const createWake = async ({
  pool,
  listener,
  log,
}: {
  pool: Pool
  listener: Listener
  log: Logger
}): Promise<Wake> => {
  const hearers = new Map<string, Set<() => void>>()
  const waiting = new Set<string>()
  let sending: Promise<void> | null = null

  const send = async () => {
    while (waiting.size > 0) {
      const topics = [...waiting].slice(0, topicsPerNotification)
      for (const topic of topics) waiting.delete(topic)
      try {
        await pool.query('select pg_notify($1, $2)', [channel, topics.join('\n')])
      } catch (error) {
        log.warn({ err: error, topics }, 'could not notify; who waits will see it at the next poll')
      }
    }
    sending = null
  }

  const stop = await listener.listen(channel, (payload) => {
    for (const topic of payload.split('\n')) {
      for (const heard of hearers.get(topic) ?? []) heard()
    }
  })
  const stopGaps = listener.onGap(() => {
    for (const set of hearers.values()) for (const heard of set) heard()
  })

  return {
    announce: (topic) => {
      waiting.add(topic)
      // a promise turn later, so that what is announced together travels together
      sending ??= Promise.resolve().then(send)
    },
    hear: (topic, heard) => {
      const set = hearers.get(topic) ?? new Set()
      hearers.set(topic, set.add(heard))
      return () => {
        set.delete(heard)
        if (set.size === 0 && hearers.get(topic) === set) hearers.delete(topic)
      }
    },
    close: async () => {
      stop()
      stopGaps()
      await sending
    },
  }
}

/** The names of topics, in one place so that who announces and who hears cannot differ. */
export const topics = {
  queue: (name: string) => `queue ${name}`,
  execution: (uuid: string) => `execution ${uuid}`,
  cancel: (executionUuid: string) => `cancel ${executionUuid}`,
  test: (uuid: string) => `test ${uuid}`,
  list: (name: string) => `list ${name}`,
}
