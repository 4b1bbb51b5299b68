import type { Strategy } from '@opsconductor/contract'

const orders = { given: 'as given', name: 'by name', random: 'at random' } as const
const exclusives = {
  job: 'one execution of the job at a time',
  target: 'one branch on a target at a time, among jobs that ask for it',
} as const

/** What a strategy says, as names and values for people; undefined where it says nothing. */
export const strategyWords = (strategy: Strategy) => ({
  'Branches at once': strategy.concurrency?.toLocaleString('en') ?? 'all',
  Batches: strategy.batches?.join(', '),
  'Between batches': strategy.pauseBetweenBatches ? 'a person lets the next one begin' : undefined,
  Pace: strategy.pace === 'lock_step' ? 'step by step, all branches of a batch together' : undefined,
  'Stops after':
    strategy.maxFailures === undefined ? undefined : `more than ${strategy.maxFailures} failed branches of a batch`,
  Order: strategy.order && orders[strategy.order],
  Exclusive: strategy.exclusive && exclusives[strategy.exclusive],
})
