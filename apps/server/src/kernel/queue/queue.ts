import { fromKysely, type PgBoss } from 'pg-boss'
import { afterCommit, type Context } from '../context.ts'
import { topics, type Wake } from '../wake/wake.ts'

/** Tasks of a kind for the executors of a zone wait in a queue of their own: `branch.default`, `test.default`. */
export const queueOf = (kind: 'branch' | 'test', zone: string) => `${kind}.${zone}`

export type TaskData = Record<string, string | number>

export type Queue = {
  /**
   * Puts tasks into the queue in the caller's transaction; executors are woken after its commit. Those with a higher
   * priority go before those that wait already.
   */
  enqueue: (ctx: Context, name: string, tasks: readonly TaskData[], priority?: number) => Promise<void>
  /** Makes a queue; harmless when it exists. */
  ensure: (name: string) => Promise<void>
  /** Hands over tasks that were fetched and never settled; they are gone when the handler has dealt with them. */
  takeDeadLetters: (handle: (data: TaskData) => Promise<void>) => Promise<void>
}

const deadLetters = 'branch-lost'
const daySec = 86_400

export const createQueue = ({ boss, wake }: { boss: PgBoss; wake: Wake }): Queue => {
  const known = new Map<string, Promise<void>>()

  const createDeadLetters = () =>
    boss.createQueue(deadLetters, {
      policy: 'standard',
      retryLimit: 1_000,
      expireInSeconds: 30, // one that was taken and not dealt with is there again soon
      retentionSeconds: 90 * daySec,
    })

  const create = async (name: string) => {
    if (name === deadLetters) return createDeadLetters()
    await ensure(deadLetters)
    await boss.createQueue(name, {
      policy: 'standard',
      retryLimit: 0, // a task that was lost is a question for our own tables, never run again by the queue
      heartbeatSeconds: 15,
      expireInSeconds: daySec,
      deadLetter: deadLetters,
      retentionSeconds: 90 * daySec, // waiting tasks would otherwise be deleted after 14 days
      notify: false, // notifying inside the transaction makes commits queue up; `wake` does it afterwards
    })
  }
  const ensure = (name: string): Promise<void> => {
    const made = known.get(name) ?? create(name)
    known.set(name, made)
    made.catch(() => known.delete(name)) // try again next time; the caller hears the failure itself
    return made
  }

  return {
    ensure,
    takeDeadLetters: async (handle) => {
      await ensure(deadLetters)
      const tasks = await boss.fetch<TaskData>(deadLetters, { batchSize: 100, includeMetadata: true })
      const dealt = tasks.map(async ({ id, retryCount, data }) => {
        await handle(data)
        await boss.deleteJob(deadLetters, { id, retryCount })
      })
      // one that fails is there again soon, and keeps no other waiting
      const failed = (await Promise.allSettled(dealt)).find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
    },
    enqueue: async (ctx, name, tasks, priority = 0) => {
      if (tasks.length === 0) return
      await ensure(name)
      await boss.insert(
        name,
        tasks.map((data) => ({ data, priority })),
        { db: fromKysely(ctx.db) },
      )
      afterCommit(ctx, () => wake.announce(topics.queue(name)))
    },
  }
}
