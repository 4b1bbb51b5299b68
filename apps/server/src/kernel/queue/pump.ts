import type { PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import { topics, type Wake } from '../wake/wake.ts'
import type { TaskData } from './queue.ts'

export type PumpOptions = {
  boss: PgBoss
  wake: Wake
  log: Logger
  queue: string
  /** Tasks at a time. */
  slots: number
  /**
   * Does the task, which is taken off the queue then. When this throws, the task becomes a dead letter: whether there is
   * still something to do is a question for our own tables.
   */
  handle: (data: TaskData) => Promise<void>
}

export type Pump = {
  running: () => number
  /** Fetches nothing more, and waits for what runs. */
  stop: () => Promise<void>
}

/** Without a waking the queue is looked at this often. */
const pollMs = 1_000
const heartbeatMs = 5_000

/**
 * Takes tasks from a queue: one fetch for all free slots at a time, woken by our own notification. The engine's own
 * worker loop looks every 17 ms at best and takes 100 tasks a second; this one needs about 2 ms from commit to handler.
 */
export const startPump = ({ boss, wake, log, queue, slots, handle }: PumpOptions): Pump => {
  const held = new Map<string, { id: string; retryCount: number; done: Promise<void> }>()
  const stopping = new AbortController()
  let isWoken = false
  let wakeUp = () => {}

  const woken = () => {
    isWoken = true
    wakeUp()
  }

  const work = async (id: string, retryCount: number, data: TaskData) => {
    // with the attempt, never a bare id: a stale holder must not settle what another one holds now
    const attempt = { id, retryCount }
    let settle = () => boss.deleteJob(queue, attempt)
    try {
      await handle(data)
    } catch (error) {
      log.error({ err: error, queue, data }, 'a task failed in an unexpected way')
      settle = () => boss.fail(queue, attempt)
    }
    try {
      await settle()
    } catch (error) {
      log.warn({ err: error, queue }, 'a finished task could not be taken off the queue')
    }
    const isAwaited = held.size >= slots
    held.delete(id)
    if (isAwaited) woken() // else what waits would have been taken already
  }

  const idle = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollMs)
      wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
      if (isWoken || stopping.signal.aborted) wakeUp()
    })

  const loop = async () => {
    while (!stopping.signal.aborted) {
      isWoken = false
      const free = slots - held.size
      let found = 0
      if (free > 0) {
        try {
          const tasks = await boss.fetch<TaskData>(queue, { batchSize: free, includeMetadata: true })
          found = tasks.length
          for (const { id, retryCount, data } of tasks)
            held.set(id, { id, retryCount, done: work(id, retryCount, data) })
        } catch (error) {
          log.warn({ err: error, queue }, 'could not fetch from the queue')
        }
      }
      // with fewer than there is room for, these were the last
      if (found < free || held.size >= slots) await idle()
    }
  }

  const stopHearing = wake.hear(topics.queue(queue), woken)
  const heartbeat = setInterval(() => {
    const alive = [...held.values()].map(({ id, retryCount }) => ({ id, retryCount }))
    if (alive.length > 0)
      boss.touch(queue, alive).catch((error: unknown) => log.warn({ err: error, queue }, 'no heartbeat'))
  }, heartbeatMs)
  const looping = loop()

  return {
    running: () => held.size,
    stop: async () => {
      stopping.abort()
      wakeUp()
      await looping
      await Promise.all([...held.values()].map(({ done }) => done))
      clearInterval(heartbeat)
      stopHearing()
    },
  }
}
