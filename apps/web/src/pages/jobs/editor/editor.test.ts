import type { JobDocument } from '@opsconductor/contract'
import { expect, test } from 'vitest'
import { documentOf, draftOf, duplicatedAt, duplicateParameters, emptyDraft, moved, retyped } from './draft.ts'
import { changed, historyOf, redone, undone } from './history.ts'
import { hasShape, parseJson, problemsOf } from './parse-document.ts'

const document: JobDocument = {
  name: 'Restart',
  parameters: { svc: 'Spooler', mode: { type: 'string', choices: ['soft', 'hard'] } },
  strategy: { concurrency: 5 },
  steps: [
    { type: 'ssh.exec', id: 'one', name: 'First', command: 'echo {{ svc }}', timeoutSec: 90 },
    { type: 'ssh.script', script: 'set -e\ntrue\n', interpreter: 'bash' },
  ],
}

test('a document comes back from its draft as it was', () => {
  expect(documentOf(draftOf(document))).toEqual(document)
})

test('the version that the server wrote is not sent back', () => {
  expect(documentOf(draftOf({ ...document, version: 7 }))).not.toHaveProperty('version')
})

test('what is empty is not written', () => {
  const draft = { ...draftOf(document), description: '', tags: [], targets: [], strategy: { concurrency: undefined } }
  const { strategy: _, ...rest } = document
  expect(documentOf(draft)).toEqual(rest)
})

test('an empty draft says what is missing, at its place', () => {
  expect(problemsOf(documentOf(emptyDraft)).sort((a, b) => a.path.localeCompare(b.path))).toEqual([
    { path: 'name', message: 'Required' },
    { path: 'steps.0.command', message: 'Required' },
  ])
})

test('steps move, copy and change their type without losing their text', () => {
  const { steps } = draftOf(document)
  expect(moved(steps, 0, 1).map(({ type }) => type)).toEqual(['ssh.script', 'ssh.exec'])
  expect(moved(steps, 0, -1)).toEqual(steps)
  expect(duplicatedAt(steps, 0)[1]).toEqual({
    type: 'ssh.exec',
    name: 'First (copy)',
    command: 'echo {{ svc }}',
    timeoutSec: 90,
  })
  const [first] = steps
  expect(first && retyped(first, 'ssh.script')).toMatchObject({
    type: 'ssh.script',
    script: 'echo {{ svc }}',
    timeoutSec: 90,
  })
})

test('a copy stays one on another system, without what that does not know', () => {
  const step = { type: 'ssh.copy', from: 'site.conf', to: '/etc/site.conf', owner: 'root', retries: 2 } as const
  const windows = documentOf({ ...emptyDraft, steps: [retyped(step, 'winrm.copy')] }).steps[0]
  expect(windows).toEqual({ type: 'winrm.copy', from: 'site.conf', to: '/etc/site.conf', retries: 2 })
})

test('a parameter named like another is found', () => {
  const { parameters } = draftOf(document)
  expect(duplicateParameters({ ...emptyDraft, parameters: [...parameters, ...parameters] })).toEqual([2, 3])
})

test('typing in one field is undone at once, and done again', () => {
  let history = historyOf('a')
  history = changed(history, 'ab', 'name')
  history = changed(history, 'abc', 'name')
  history = changed(history, 'removed')
  expect(undone(history).present).toBe('abc')
  expect(undone(undone(history)).present).toBe('a')
  expect(undone(undone(undone(history))).present).toBe('a')
  expect(redone(undone(history)).present).toBe('removed')
  expect(redone(history)).toBe(history)
})

test('broken JSON is said with line and column', () => {
  expect(parseJson('{\n  "name": oops\n}')).toMatchObject({ unreadable: { line: 2, column: 11 } })
  expect(parseJson('{\n  "name": 1')).toMatchObject({ unreadable: { line: 2, column: 12 } })
  expect(parseJson('[1, 2,]')).toMatchObject({ unreadable: { line: 1, column: 7 } })
  expect(parseJson('{"a": "x\ny"}')).toMatchObject({ unreadable: { line: 1, column: 7 } })
  expect(parseJson('{} {}')).toMatchObject({ unreadable: { line: 1, column: 4 } })
  expect(parseJson('{}')).toEqual({ value: {} })
})

test('only what looks like a job document becomes a draft', () => {
  expect(hasShape({ name: 'x', steps: [{ type: 'ssh.exec' }] })).toBe(true)
  for (const value of [null, [], 'x', {}, { steps: {} }, { steps: [1] }, { steps: [], parameters: null }]) {
    expect(hasShape(value)).toBe(false)
  }
})
