import { expect, test } from 'vitest'
import { checkTyped, fieldsOf, typedDefaults, valuesOf } from './parameter-values.ts'

const fields = fieldsOf({
  name: 'x',
  steps: [{ type: 'ssh.exec', command: 'x' }],
  parameters: {
    svc: 'nginx',
    count: { type: 'number', default: 3 },
    force: { type: 'boolean' },
    token: { type: 'string', secret: true, required: true },
    level: { type: 'string', pattern: '[a-z]+' },
  },
})

test('fields begin with the defaults and become values of their type', () => {
  const typed = typedDefaults(fields)
  expect(typed).toEqual({ svc: 'nginx', count: '3', force: false, token: undefined, level: undefined })
  expect(valuesOf(fields, { ...typed, count: '12', force: true, token: 's3cret' })).toEqual({
    svc: 'nginx',
    count: 12,
    force: true,
    token: 's3cret',
  })
})

test('what is missing or does not match is said at its field', () => {
  expect(checkTyped(fields, { count: 'many', level: 'UP', token: '' })).toEqual({
    count: 'A number',
    token: 'Required',
    level: 'Must match [a-z]+',
  })
  expect(checkTyped(fields, { ...typedDefaults(fields), token: 'x', level: 'up' })).toEqual({})
})
