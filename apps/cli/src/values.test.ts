import { expect, test } from 'vitest'
import { argumentValues, missingSecrets } from './values.ts'

const parameters = {
  service: 'nginx',
  count: 3,
  force: false,
  retries: { type: 'number', required: true },
  token: { type: 'string', secret: true },
  pin: { type: 'string', secret: true, required: false },
} as const

test('a value has the type that the job says', () => {
  expect(argumentValues(['service=apache2', 'count=5', 'force=true', 'retries=0.5'], parameters)).toEqual({
    service: 'apache2',
    count: 5,
    force: true,
    retries: 0.5,
  })
})

test('a value is taken literally, with equal signs, quotes, spaces and line ends', () => {
  expect(argumentValues([`service=a=b '"; rm -rf / # $(id)\n`], parameters)).toEqual({
    service: `a=b '"; rm -rf / # $(id)\n`,
  })
})

test('an unknown name is passed on, for the server to say what it knows', () => {
  expect(argumentValues(['other=1'], parameters)).toEqual({ other: '1' })
})

test.each([
  [['service'], /name=value/],
  [['=x'], /name=value/],
  [['count=many'], /count is a number/],
  [['count='], /count is a number/],
  [['force=yes'], /force is true or false/],
  [['token=hunter2'], /token is secret/],
])('%j is refused', (assignments, reason) => {
  expect(() => argumentValues(assignments, parameters)).toThrow(reason)
})

test('a refused secret is not repeated', () => {
  expect(() => argumentValues(['token=hunter2'], parameters)).not.toThrow(/hunter2/)
})

test('only secrets that are needed and were not given are asked for', () => {
  expect(missingSecrets(parameters, {})).toEqual(['token'])
  expect(missingSecrets(parameters, { token: 'x' })).toEqual([])
})
