import type { Plan } from '@opsconductor/contract'
import { expect, test } from 'vitest'
import { checkTyped, fieldsOf, typedDefaults, valuesOf } from './parameter-values.ts'
import { planChanges } from './plan-changes.ts'

const uuid = (digit: number) => `00000000-0000-7000-8000-00000000000${digit}`
const branch = (digit: number, command = 'uptime'): Plan['branches'][number] => {
  const target = { uuid: uuid(digit), serial: `TGT-2026-00000${digit}`, name: `web-${digit}` }
  const method = { uuid: uuid(digit), type: 'ssh', host: `web-${digit}`, port: 22 }
  return {
    number: `00${digit}`,
    target,
    batch: 1,
    method,
    credential: 'deploy',
    steps: [
      {
        id: 'step-1',
        name: 'Look',
        type: 'ssh.exec',
        target,
        method,
        credential: 'deploy',
        command,
        dependsOn: [],
        mode: 'attached',
        timeoutSec: null,
      },
    ],
  }
}
const plan = (branches: Plan['branches'], version = 1): Plan => ({
  hash: 'x',
  job: { uuid: uuid(9), serial: 'JOB-2026-000001', name: 'Look', version },
  branches,
  warnings: [],
  sinceSuccess: null,
})

test('what changed in a plan is said in sentences', () => {
  expect(planChanges(plan([branch(1), branch(2)]), plan([branch(2, 'uptime -p'), branch(3)], 2))).toEqual([
    'The job is now version 2; it was 1.',
    'web-1 is no longer part of it.',
    'web-2: the command of “Look” is another one.',
    'web-3 has been added.',
  ])
  expect(planChanges(plan([branch(1), branch(2)]), plan([branch(2), branch(1)]))).toEqual([
    'The order of the branches has changed.',
  ])
})

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
