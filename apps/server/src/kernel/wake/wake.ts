import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { BroadcastChannel, getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { Database, Listener } from '../database/index.ts'

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
/** Others hear at once, and then at most so often: a busy moment is one notification, not hundreds. */
const gatherMs = 5
/** PostgreSQL refuses payloads of 8,000 bytes; topics are far below 100. */
const topicsPerNotification = 60

/** One name for all threads of this process: they tell each other directly, and need not hear it from the database too. */
const processName = () => {
  const known = getEnvironmentData('opsconductor.process')
  if (typeof known === 'string') return known
  const name = randomUUID()
  setEnvironmentData('opsconductor.process', name)
  return name
}

export const createWake = async ({
  query,
  listener,
  log,
}: {
  query: Database['query']
  listener: Listener
  log: Logger
}): Promise<Wake> => {
  const self = processName()
  const hearers = new Map<string, Set<() => void>>()

  const tellHere = (told: Iterable<string>) => {
    for (const topic of told) for (const heard of hearers.get(topic) ?? []) heard()
  }

  const threads = new BroadcastChannel(channel)
  let isClosed = false
  threads.addEventListener('message', (event) => tellHere((event as unknown as { data: string[] }).data))
  threads.unref()

  const tellProcess = collected(async (told) => {
    tellHere(told)
    // what is still announced while everything stops reaches nobody
    if (!isClosed) threads.postMessage(told)
  })
  const tellOthers = collected(async (told) => {
    for (let from = 0; from < told.length; from += topicsPerNotification) {
      const payload = [self, ...told.slice(from, from + topicsPerNotification)].join('\n')
      try {
        await query('select pg_notify($1, $2)', [channel, payload])
      } catch (error) {
        log.warn({ err: error, topics: told }, 'could not notify; who waits will see it at the next poll')
      }
    }
    await sleep(gatherMs)
  })

  const stop = await listener.listen(channel, (payload) => {
    const [from, ...told] = payload.split('\n')
    if (from !== self) tellHere(told)
  })
  const stopGaps = listener.onGap(() => {
    for (const set of hearers.values()) for (const heard of set) heard()
  })

  return {
    announce: (topic) => {
      tellProcess.add(topic)
      tellOthers.add(topic)
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
      await tellProcess.settled()
      await tellOthers.settled()
      isClosed = true
      threads.close()
    },
  }
}

/** Hands topics on together: those of one moment, and those that come while the last ones are on their way. */
const collected = (hand: (topics: string[]) => Promise<void>) => {
  const waiting = new Set<string>()
  let handing: Promise<void> | null = null
  const work = async () => {
    await Promise.resolve() // a promise turn later, so that what is announced together travels together
    while (waiting.size > 0) {
      const topics = [...waiting]
      waiting.clear()
      await hand(topics)
    }
    handing = null
  }
  return {
    add: (topic: string) => {
      waiting.add(topic)
      handing ??= work()
    },
    settled: async () => {
      await handing
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
