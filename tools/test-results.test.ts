import { expect, test } from 'vitest'
import { summarise } from './test-results.ts'

const file = (status: string, ...tests: string[]) => ({
  name: '/house/a.test.ts',
  status,
  message: 'it does not load',
  assertionResults: tests.map((status) => ({
    fullName: `a ${status} test`,
    status,
    failureMessages: ['expected 1 to be 2'],
  })),
})

test('passed, failed and left-out tests are counted as what they are', () => {
  const results = {
    testResults: [file('passed', 'passed', 'passed', 'skipped'), file('failed', 'failed', 'passed', 'todo')],
  }
  expect(summarise(results, false, '/house')).toEqual({
    passed: 3,
    failed: 1,
    failures: ['a.test.ts: a failed test\n    expected 1 to be 2'],
    leftOut: ['a skipped test', 'a todo test'],
  })
})

test('a file that fails outside its tests is a failure', () => {
  expect(summarise({ testResults: [file('failed'), file('failed', 'passed')] }, false, '/house')).toMatchObject({
    passed: 1,
    failed: 2,
    failures: ['a.test.ts: it does not load', 'a.test.ts: it does not load'],
  })
})

test('a run that ended badly is a failure even when every test passed or nothing was reported', () => {
  expect(summarise({ testResults: [file('passed', 'passed')] }, false, '/house')).toMatchObject({
    passed: 1,
    failed: 1,
  })
  expect(summarise(undefined, false, '/house')).toMatchObject({ passed: 0, failed: 1 })
})
