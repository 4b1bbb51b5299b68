import type { Branch, Execution, OutputLine } from '@opsconductor/contract'
import { expect, test } from 'vitest'
import { createFollowing, type Effect } from './following.ts'
import { branch, execution, line } from './testing/samples.ts'

const changed = (seq: number, next: Execution, branches: Branch[] = []) => ({
  type: 'execution' as const,
  id: 'execution',
  seq,
  execution: { ...next, changeSeq: seq },
  branches,
  steps: [],
})

const output = (number: number, lines: OutputLine[], isComplete = false) => ({
  type: 'output' as const,
  id: `output ${number}`,
  seq: lines.at(-1)?.seq ?? 0,
  lines,
  isComplete,
})

const shown = (effects: Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'show' ? effect.lines.map((each) => each.text) : []))

const started = () => {
  const following = createFollowing(execution('running', { running: 2 }))
  following.hear(changed(1, execution('running', { running: 2 }), [branch(1, 'running'), branch(2, 'running')]))
  return following
}

test('the output of a branch is asked for once it has started', () => {
  const following = createFollowing(execution('queued', { queued: 2 }))
  const queued = [branch(1, 'queued'), branch(2, 'queued')]
  expect(following.hear(changed(1, execution('queued', { queued: 2 }), queued))).toEqual([])
  const running = execution('running', { running: 1, queued: 1 })
  expect(following.hear(changed(2, running, [branch(2, 'running', { changeSeq: 2 })]))).toEqual([
    { do: 'subscribe', id: 'output 2' },
  ])
  expect(following.hear(changed(3, running, [branch(2, 'running', { changeSeq: 3 })]))).toEqual([])
})

test('after a cut connection everything goes on from the last number seen', () => {
  const following = started()
  following.hear(output(1, [line(1, 'a'), line(2, 'b')]))
  following.hear(changed(5, execution('running', { running: 2 })))
  expect(following.subscription('execution')).toMatchObject({ topic: 'execution', from: 5 })
  expect(following.subscription('output 1')).toMatchObject({ topic: 'output', branch: 1, from: 2 })
  expect(following.subscription('output 2')).toMatchObject({ topic: 'output', branch: 2, from: 0 })
})

test('what comes twice is shown once', () => {
  const following = started()
  expect(shown(following.hear(output(1, [line(1, 'a'), line(1, 'a2'), line(2, 'b')])))).toEqual(['a', 'a2', 'b'])
  expect(shown(following.hear(output(1, [line(2, 'b'), line(3, 'c')])))).toEqual(['c'])
})

test('where a number is missing it is asked for again, and shown in order', () => {
  const following = started()
  following.hear(output(1, [line(1, 'a')]))
  expect(following.hear(output(1, [line(3, 'c')], true))).toEqual([{ do: 'subscribe', id: 'output 1' }])
  expect(shown(following.hear(output(1, [line(2, 'b'), line(3, 'c')])))).toEqual(['b', 'c'])
})

test('what is missing at the server too is not asked for without end', () => {
  const following = started()
  expect(following.hear(output(1, [line(3, 'c')]))).toEqual([{ do: 'subscribe', id: 'output 1' }])
  expect(shown(following.hear(output(1, [line(3, 'c')])))).toEqual(['c'])
})

test('the end is there when the execution has ended and all output has come', () => {
  const following = started()
  following.hear(output(1, [line(1, 'a')], true))
  expect(following.outcome()).toBeUndefined()
  following.hear(changed(4, execution('failed', { completed: 1, failed: 1 })))
  expect([following.outcome(), following.isAllShown()]).toEqual(['failed', false])
  following.hear(output(2, [line(1, 'b')], true))
  expect(following.isAllShown()).toBe(true)
})

test('a branch that never started has no output to wait for', () => {
  const following = createFollowing(execution('running'))
  following.hear(changed(2, execution('cancelled', { cancelled: 1 }), [branch(1, 'cancelled', { startedAt: null })]))
  expect([following.outcome(), following.isAllShown()]).toEqual(['cancelled', true])
})

test('when only lost branches are left somebody has to look, and nobody waits', () => {
  const following = started()
  following.hear(output(1, [], true))
  const lost = execution('running', { completed: 1, lost: 1 }, { needsAttention: true })
  following.hear(changed(9, lost, [branch(2, 'lost', { changeSeq: 9 })]))
  expect([following.outcome(), following.isAllShown()]).toEqual(['needsAttention', true])
})

test('following one branch ends with the outcome of that branch', () => {
  const following = createFollowing(execution('running', { running: 2 }), 2)
  const effects = following.hear(
    changed(1, execution('running', { running: 2 }), [branch(1, 'running'), branch(2, 'running')]),
  )
  expect(effects).toEqual([{ do: 'subscribe', id: 'output 2' }])
  following.hear(output(2, [line(1, 'x')], true))
  following.hear(changed(2, execution('running', { running: 1, failed: 1 }), [branch(2, 'failed', { changeSeq: 2 })]))
  expect([following.outcome(), following.isAllShown()]).toEqual(['failed', true])
})

test('of very many branches, further ones are asked for as earlier ones end', () => {
  const following = createFollowing(execution('running', { running: 1000 }))
  const many = Array.from({ length: 1000 }, (_, index) => branch(index + 1, 'running'))
  expect(following.hear(changed(1, execution('running', { running: 1000 }), many))).toHaveLength(400)
  expect(following.hear(output(7, [], true))).toEqual([
    { do: 'finish', branch: many[6] },
    { do: 'unsubscribe', id: 'output 7' },
    { do: 'subscribe', id: 'output 401' },
  ])
  expect(following.isAllShown()).toBe(false)
})

test('an older frame does not turn back the clock', () => {
  const following = started()
  following.hear(changed(8, execution('completed', { completed: 2 })))
  following.hear(changed(7, execution('running', { running: 2 })))
  expect(following.outcome()).toBe('success')
})
