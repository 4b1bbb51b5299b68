import { expect, test } from 'vitest'
import { type Comparable, type ComparableStep, diffPlans } from './plan-diff.ts'

const target = (number: number) => ({ uuid: `u${number}`, serial: `TGT-${number}`, name: `web-${number}` })
const step = (change: Partial<ComparableStep> = {}): ComparableStep => ({
  id: 'look',
  name: 'Look',
  target: target(1),
  method: 'ssh web:22',
  credential: 'deploy',
  command: 'uptime',
  mode: 'attached',
  timeoutSec: null,
  ...change,
})
const branch = (number: number, ...steps: ComparableStep[]) => ({ target: target(number), batch: 1, steps })
const plan = (...branches: Comparable['branches']): Comparable => ({ version: 1, branches })

test('the same plan differs in nothing', () => {
  expect(diffPlans(plan(branch(1, step())), plan(branch(1, step())))).toEqual({ changes: [], total: 0 })
})

test('targets, commands and credentials that are added, removed and changed', () => {
  const before = plan(
    branch(1, step()),
    branch(2, step(), step({ id: 'old', name: 'Old', command: 'rm x' })),
    branch(3, step()),
  )
  const after = {
    ...plan(
      branch(2, step({ credential: null, command: 'uptime -p', timeoutSec: 60 })),
      branch(3, step({ credential: 'root', method: 'ssh db:22' }), step({ id: 'new', name: 'New', command: 'id' })),
      branch(4, step()),
    ),
    version: 2,
  }
  const { changes, total } = diffPlans(before, after)
  expect(total).toBe(changes.length)
  expect(
    changes.map(({ what, change, target, ...rest }) => [what, change, target?.name, ...Object.values(rest)]),
  ).toEqual([
    ['version', 'changed', undefined, null, '1', '2'],
    ['target', 'removed', 'web-1', null, null, null],
    ['step', 'removed', 'web-2', 'Old', 'rm x', null],
    ['credential', 'removed', 'web-2', 'Look', 'deploy', null],
    ['command', 'changed', 'web-2', 'Look', 'uptime', 'uptime -p'],
    ['timeout', 'added', 'web-2', 'Look', null, '60 s'],
    ['method', 'changed', 'web-3', 'Look', 'ssh web:22', 'ssh db:22'],
    ['credential', 'changed', 'web-3', 'Look', 'deploy', 'root'],
    ['step', 'added', 'web-3', 'New', null, 'id'],
    ['target', 'added', 'web-4', null, null, null],
  ])
})

test('another order and another batch are differences', () => {
  const { changes } = diffPlans(
    plan(branch(1), branch(2), branch(3)),
    plan(branch(3), branch(1), { ...branch(2), batch: 2 }),
  )
  expect(changes.map(({ what }) => what)).toEqual(['batch', 'order'])
  expect(diffPlans(plan(branch(1), branch(2), branch(3)), plan(branch(1), branch(3))).changes).toHaveLength(1)
})

test('long lists and long texts are cut, and it is said how many there are', () => {
  const all = (command: string) => plan(...Array.from({ length: 1_000 }, (_, n) => branch(n, step({ command }))))
  const { changes, total } = diffPlans(all('a'.repeat(10_000)), all('🦊'.repeat(5_000)))
  expect([changes.length, total]).toEqual([500, 1_000])
  expect(changes[0]?.before).toBe(`${'a'.repeat(4_000)}…`)
  expect(JSON.stringify(changes).length).toBeLessThan(600_000)
  expect(changes.every(({ after }) => after?.isWellFormed())).toBe(true)
})
