import { expect, test } from 'vitest'
import { diffLines, withContext } from './line-diff.ts'
import { outlineOf } from './outline.ts'

test('a script is compared line by line', () => {
  const version = (script: string) => outlineOf({ name: 'Deploy', steps: [{ type: 'ssh.script', script }] })
  const diff = diffLines(version('set -e\nstop\nstart'), version('set -e\nrestart'))
  expect(diff.filter(({ kind }) => kind !== 'same')).toEqual([
    { kind: 'removed', text: '    stop' },
    { kind: 'removed', text: '    start' },
    { kind: 'added', text: '    restart' },
  ])
})

test('both versions can be had back from the diff', () => {
  const before = ['a', 'b', 'c', 'd', 'b']
  const after = ['a', 'c', 'x', 'd', 'd', 'b']
  const diff = diffLines(before, after)
  expect(diff.filter(({ kind }) => kind !== 'added').map(({ text }) => text)).toEqual(before)
  expect(diff.filter(({ kind }) => kind !== 'removed').map(({ text }) => text)).toEqual(after)
  expect(diffLines([], ['a'])).toEqual([{ kind: 'added', text: 'a' }])
  expect(diffLines(['a'], ['a'])).toEqual([{ kind: 'same', text: 'a' }])
})

test('two long texts that have nothing in common still end', () => {
  const before = Array.from({ length: 3000 }, (_, index) => `a${index}`)
  const after = Array.from({ length: 3000 }, (_, index) => `b${index}`)
  expect(diffLines(before, after)).toHaveLength(6000)
})

test('far from every change there is only a gap', () => {
  const lines = Array.from({ length: 20 }, (_, index) => String(index))
  const shown = withContext(diffLines(lines, [...lines, 'new']), 2)
  expect(shown.map((line) => line?.text ?? null)).toEqual([null, '18', '19', 'new'])
})
