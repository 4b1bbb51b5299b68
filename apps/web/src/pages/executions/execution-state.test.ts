import type { Branch, BranchStatus, StepResult } from '@opsconductor/contract'
import { expect, test, vi } from 'vitest'
import { createExecutionStore, durationOf, leftBehind, orderBranches, progressOf } from './execution-state.ts'

const branch = (number: number, status: BranchStatus, changeSeq = 1): Branch => ({
  uuid: '00000000-0000-7000-8000-000000000000',
  number: String(number).padStart(3, '0'),
  target: { uuid: '00000000-0000-7000-8000-000000000000', serial: `TGT-2026-${number}`, name: `web-${number}` },
  batch: 1,
  status,
  attempt: 1,
  fault: null,
  message: null,
  cancelOutcome: null,
  outputLines: 0,
  dueAt: null,
  queuedAt: null,
  startedAt: null,
  finishedAt: null,
  changeSeq,
})

test('failures come first, then what moves, by number within', () => {
  const rows = [
    branch(1, 'completed'),
    branch(12, 'failed'),
    branch(3, 'running'),
    branch(4, 'failed'),
    branch(5, 'lost'),
  ]
  expect(orderBranches(rows, {}).map(({ number }) => number)).toEqual(['005', '004', '012', '003', '001'])
  expect(orderBranches(rows, { status: 'failed', q: 'WEB-4' }).map(({ number }) => number)).toEqual(['004'])
})

test('an older row never replaces a newer one', async () => {
  const store = createExecutionStore()
  store.merge({ branches: [branch(1, 'completed', 9)] })
  store.merge({ branches: [branch(1, 'running', 4)] })
  await vi.waitFor(() => expect(store.read().branches.get('001')?.status).toBe('completed'))
})

test('a retried step stands beside its first attempt', async () => {
  const step = (attempt: number, status: StepResult['status'], changeSeq: number) =>
    ({ branch: '001', index: 0, attempt, status, changeSeq }) as StepResult
  const store = createExecutionStore()
  store.merge({ steps: [step(2, 'running', 5), step(1, 'failed', 4)] })
  store.merge({ steps: [step(2, 'completed', 6), step(1, 'running', 2)] })
  await vi.waitFor(() =>
    expect(
      store
        .read()
        .steps.get('001')
        ?.map(({ status }) => status),
    ).toEqual(['failed', 'completed']),
  )
})

test('a thousand reports are told at most four times a second', async () => {
  const store = createExecutionStore()
  const listener = vi.fn<() => void>()
  store.subscribe(listener)
  for (let number = 1; number <= 1000; number += 1) store.merge({ branches: [branch(number, 'running', number)] })
  await vi.waitFor(() => expect(store.read().branches.size).toBe(1000))
  expect(listener).toHaveBeenCalledTimes(1)
})

test('a duration runs until the end, and never backwards', () => {
  const startedAt = '2026-01-01T00:00:00.000Z'
  expect(durationOf({ startedAt, finishedAt: '2026-01-01T00:00:05.000Z' }, 0)).toBe(5000)
  expect(durationOf({ startedAt, finishedAt: null }, Date.parse(startedAt) - 500)).toBe(0)
  expect(durationOf({ startedAt: null, finishedAt: null }, 0)).toBeNull()
})

test('running branches are on their way, not done', () => {
  const counts = { scheduled: 0, queued: 0, running: 3, completed: 0, failed: 0, cancelled: 0, skipped: 0, lost: 0 }
  expect(progressOf({ counts: { ...counts, total: 3 } })).toMatchObject({
    done: 0,
    words: '0 of 3 done',
    allWords: '0 of 3 done, 3 running',
  })
  const later = { ...counts, running: 1, completed: 1198, failed: 1, lost: 1, total: 1201 }
  expect(progressOf({ counts: later })).toMatchObject({
    done: 1200,
    words: '1,200 of 1,201 done, 2 failed',
    allWords: '1,200 of 1,201 done, 2 failed, 1 running',
  })
})

test('a cancel that did not see everything end says so', () => {
  const status = 'cancelled'
  expect(leftBehind({ status, cancelOutcome: 'still_running' })).toBe('Cancelled, still running')
  expect(leftBehind({ status, cancelOutcome: 'unconfirmed' })).toBe('Cancelled, unconfirmed')
  expect(leftBehind({ status, cancelOutcome: 'stopped' })).toBeUndefined()
  expect(leftBehind({ status: 'failed', cancelOutcome: 'unconfirmed' })).toBeUndefined()
})
