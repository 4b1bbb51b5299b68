import { performance } from 'node:perf_hooks'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { cloneDatabase } from '../../../../test/database.ts'
import { createLeases, Fenced } from './leases.ts'

test('a lease counts from when its branch was asked for, not from when the answer came', async () => {
  await using database = await cloneDatabase()
  const leaseSec = 600
  const leases = createLeases({ db: database.kysely, leaseSec, log: pino({ level: 'silent' }) })
  try {
    const branch = { id: 1, attempt: 1, isCancelled: false, timedOutAt: null }
    const now = performance.now()
    expect(() => leases.hold(branch, now).check()).not.toThrow()
    // the database took more than half of the lease to answer
    expect(() => leases.hold(branch, now - leaseSec * 500 - 1).check()).toThrow(Fenced)
  } finally {
    leases.stop()
  }
})
