import { NewTarget } from '@opsconductor/contract'
import { expect, test } from 'vitest'
import { checkForm, filled } from './check-form.ts'

test('what is not filled in is required, what is wrong says why', () => {
  const mistakes = checkForm(NewTarget, {
    name: '',
    tags: ['a b'],
    methods: [{ type: 'ssh', config: { host: 'a', port: 70_000 } }],
  })
  expect(mistakes['name']).toBe('Required')
  expect(mistakes['tags.0']).toContain('no spaces')
  expect(mistakes['methods.0.config.port']).toBeDefined()
})

test('empty words are left out', () => {
  expect(filled({ a: '', b: 'x', c: 0 })).toEqual({ b: 'x', c: 0 })
})
