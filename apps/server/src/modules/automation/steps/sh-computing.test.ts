import { expect, test } from 'vitest'
import { readShTemplate, renderSh, showSh } from './sh-rendering.ts'

test.each([
  'read {{ v }}',
  'unset "{{ v }}"',
  'unset -v {{ v }}',
  '[ -v {{ v }} ]',
  'test -v "{{ v }}"',
  'printf -v {{ v }} x',
  'declare {{ v }}=1',
  'local "{{ v }}"',
  'export a{{ v }}=1',
  'typeset -n r={{ v }}',
  'command read {{ v }}',
  'x=$(read {{ v }})',
  "sh -c 'unset {{ v }}'",
])('a value does not name a variable, whose index a shell would compute: %s', (script) => {
  const { problems } = readShTemplate(script)
  expect(problems).toEqual([expect.objectContaining({ message: expect.stringContaining('names a variable') })])
})

test.each([
  '[ {{ v }} -gt 5 ]',
  'test 5 -eq "{{ v }}"',
  'shift {{ v }}',
  'exit {{ v }}',
  'typeset -i n={{ v }}',
  "sh -c 'exit {{ v }}'",
])('where a shell computes only a number may stand: %s', (script) => {
  const { template, problems } = readShTemplate(script)
  expect(problems).toEqual([])
  for (const value of ['7', '-7', '1.5', 12])
    expect(renderSh(template, () => ({ value, isSecret: false }))).toContain(String(value))
  for (const value of ['a[$(id)]', '', '7 ', 'x', '1\n', '0x1']) {
    expect(() => renderSh(template, () => ({ value, isSecret: false }))).toThrow('only a number may stand there')
    expect(() => showSh(template, () => ({ value, isSecret: false }))).toThrow('only a number may stand there')
  }
})

test.each([
  'export PATH={{ v }}',
  'local x="{{ v }}"',
  'read -p "{{ v }}" answer',
  '[ {{ v }} = x ]',
  '[ -f {{ v }} ]',
  '/bin/test-v {{ v }}',
  'echo read {{ v }}',
])('elsewhere any value may stand: %s', (script) => {
  const { template, problems } = readShTemplate(script)
  expect(problems).toEqual([])
  expect(() => renderSh(template, () => ({ value: 'a[$(id)]', isSecret: false }))).not.toThrow()
})
