import { expect, test } from 'vitest'
import { copyLeftBehind, outcomeOfCopy } from './step-copy.ts'
import type { StepTry } from './step-link.ts'

const step = { type: 'ssh.copy', from: 'a', to: '/b', timeoutSec: 5 } as const

test.each(['stopped', 'still_running', 'unconfirmed'] as const)(
  'a copy that was stopped says what was seen: %s',
  (seen) => {
    const pids = seen === 'still_running' ? [42] : []
    const stopped = { kind: 'stopped', outcome: seen, pids } as const
    const cancelled = outcomeOfCopy({ ...stopped, because: 'cancelled' }, step)
    expect(cancelled).toMatchObject({ status: 'cancelled', cancelOutcome: seen })
    expect(cancelled.message?.includes('Still running: 42.')).toBe(seen === 'still_running')
    const late = outcomeOfCopy({ ...stopped, because: 'timeout' }, step)
    expect(late).toMatchObject({ status: 'failed', fault: 'timeout', cancelOutcome: seen })
  },
)

test('of a copy whose executor was lost nobody has seen that it ended', () => {
  const hold = { cancelled: AbortSignal.abort() }
  expect(copyLeftBehind({ hold } as StepTry)).toMatchObject({ status: 'cancelled', cancelOutcome: 'unconfirmed' })
})
