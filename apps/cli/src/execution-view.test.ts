import { expect, test } from 'vitest'
import { statusOf } from './execution-view.ts'
import { execution } from './testing/samples.ts'

test('a cancel that did not see everything end on the targets says so beside its status', () => {
  const cancelled = (cancelOutcome: 'stopped' | 'still_running' | 'unconfirmed') =>
    statusOf(execution('cancelled', { cancelled: 1 }, { cancelOutcome }))
  expect(cancelled('stopped')).toBe('cancelled')
  expect(cancelled('still_running')).toBe('cancelled, still running')
  expect(cancelled('unconfirmed')).toBe('cancelled, unconfirmed')
  expect(statusOf(execution('failed', { failed: 1 }, { cancelOutcome: 'unconfirmed' }))).toBe('failed')
})
