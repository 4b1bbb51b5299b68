import { expect, test } from 'vitest'
import { type EarlierStep, namedOfStep } from './earlier-steps.ts'

const stdout = (text: string): EarlierStep => ({ exitCode: 0, stdout: { text } })
const json = (text: string, ...path: string[]) => namedOfStep('build', stdout(text), ['json', ...path])

test('output, exit code and JSON by path', () => {
  expect(namedOfStep('build', stdout('1.2.3'), ['stdout'])).toEqual({ value: '1.2.3', isSecret: false })
  expect(namedOfStep('build', { exitCode: 3 }, ['exitCode'])).toEqual({ value: 3, isSecret: false })
  expect(json('{"a":{"b":[1,{"c":"x"}]}}', 'a', 'b', '1', 'c')).toEqual({ value: 'x', isSecret: false })
  expect(json('[1,2]')).toEqual({ value: [1, 2], isSecret: false })
})

test('whole numbers too large to be exact stay as they are written', () => {
  expect(json('{"id":12345678901234567890,"n":1.50}', 'id')).toEqual({ value: '12345678901234567890', isSecret: false })
})

test('what is not in the JSON is missing, so that a default may stand in; what is no JSON cannot be used', () => {
  expect(json('{"a":1}', 'a', 'b')).toEqual({ missing: 'there is no a.b in the JSON of the step build' })
  for (const path of ['length', 'constructor', '__proto__', '5', 'toString'])
    expect(json('["x"]', path)).toEqual({ missing: `there is no ${path} in the JSON of the step build` })
  expect(json('oops', 'a')).toEqual({ unusable: 'the output of the step build is not JSON' })
  expect(namedOfStep('build', { exitCode: null }, ['exitCode'])).toEqual({ missing: 'the step build has no exit code' })
})

test('a mask is never taken for what was masked', () => {
  expect(namedOfStep('login', stdout('token ********'), ['stdout'])).toHaveProperty('unusable')
  expect(json('{"token":"********","id":"7"}', 'token')).toHaveProperty('unusable')
  expect(json('{"token":"********","id":"7"}')).toHaveProperty('unusable')
  expect(json('{"token":"********","id":"7"}', 'id')).toEqual({ value: '7', isSecret: false })
})
