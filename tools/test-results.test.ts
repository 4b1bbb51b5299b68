import { expect, test } from 'vitest'
import { summarise } from './test-results.ts'

const file = (status: string, ...tests: string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((status) => ({ fullName: `a ${status} test`, status })),
})

test('passed, failed and left-out tests are counted as what they are', () => {
  const results = {
    testResults: [file('passed', 'passed', 'passed', 'skipped'), file('failed', 'failed', 'passed', 'todo')],
  }
  expect(summarise(results, false)).toEqual({ passed: 3, failed: 1, leftOut: ['a skipped test', 'a todo test'] })
})

test('a file that fails outside its tests is a failure', () => {
  expect(summarise({ testResults: [file('failed'), file('failed', 'passed')] }, false)).toMatchObject({
    passed: 1,
    failed: 2,
  })
})

test('a run that ended badly is a failure even when every test passed or nothing was reported', () => {
  expect(summarise({ testResults: [file('passed', 'passed')] }, false)).toMatchObject({ passed: 1, failed: 1 })
  expect(summarise(undefined, false)).toMatchObject({ passed: 0, failed: 1 })
})
