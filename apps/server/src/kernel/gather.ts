import { setTimeout as sleep } from 'node:timers/promises'

export type GatherOptions<Ask, Answer> = {
  /** What belongs together: only asks of one key are handled together. */
  keyOf: (ask: Ask) => unknown
  /** Handles all of them, at least one, or fails as a whole. @returns the answers, in the order of the asks */
  handle: (asks: readonly [Ask, ...Ask[]]) => Promise<readonly Answer[]>
  /** Whether a failure may be that of one among many: nothing was done then, and each is handled by itself. */
  isOfOne?: (error: unknown) => boolean
}

/** After so long the next ones go on their way, too. */
const patienceMs = 2_000
/** So many are handled together at most. */
const most = 200

/**
 * Handles together what is asked while an earlier one of its key is on its way. Whoever asks alone is handled at once; of
 * many, the work that all have in common is done once.
 */
export const gathered = <Ask, Answer>({ keyOf, handle, isOfOne = () => false }: GatherOptions<Ask, Answer>) => {
  type Waiting = { ask: Ask; answer: PromiseWithResolvers<Answer> }
  const waiting = new Map<unknown, Waiting[]>()

  const handleAll = async (all: readonly Waiting[]): Promise<void> => {
    const [first, ...others] = all.map(({ ask }) => ask)
    if (first === undefined) return
    try {
      const answers = await handle([first, ...others])
      for (const [index, { answer }] of all.entries()) answer.resolve(answers[index] as Answer)
    } catch (error) {
      if (all.length > 1 && isOfOne(error)) for (const one of all) await handleAll([one])
      else for (const { answer } of all) answer.reject(error)
    }
  }

  const work = async (key: unknown, queue: Waiting[]) => {
    // one whose answer does not come, over a connection that died without a word, holds up nobody else
    while (queue.length > 0)
      await Promise.race([handleAll(queue.splice(0, most)), sleep(patienceMs, undefined, { ref: false })])
    waiting.delete(key)
  }

  return (ask: Ask): Promise<Answer> => {
    const answer = Promise.withResolvers<Answer>()
    const key = keyOf(ask)
    const queue = waiting.get(key)
    if (queue === undefined) {
      const fresh = [{ ask, answer }]
      waiting.set(key, fresh)
      void work(key, fresh)
    } else queue.push({ ask, answer })
    return answer.promise
  }
}
