import { ProblemError } from '@opsconductor/contract'
import { expect, test } from 'vitest'
import { readDocuments, withPlaces, writeYaml } from './document.ts'
import { Failure, explain } from './failure.ts'

const yaml = `name: restart
steps:
  - type: ssh.exec
    command: |
      systemctl restart nginx
      systemctl status nginx
`

test('YAML and JSON read as the same document', () => {
  const value = {
    name: 'restart',
    steps: [{ type: 'ssh.exec', command: 'systemctl restart nginx\nsystemctl status nginx\n' }],
  }
  expect(readDocuments(yaml, 'job.yaml')[0]?.value).toEqual(value)
  expect(readDocuments(JSON.stringify(value), 'job.json')[0]?.value).toEqual(value)
})

test('a file may hold several documents', () => {
  const values = readDocuments('name: one\n---\nname: two\n---\n', 'jobs.yaml').map((source) => source.value)
  expect(values).toEqual([{ name: 'one' }, { name: 'two' }])
})

test.each([
  ['name: a\nname: b\n', 'job.yaml:2:1'],
  ['name: "a\nsteps: []\n', 'job.yaml:3:1'],
  ['name: a\n  steps: []\n', 'job.yaml:1:7'],
  ['when: !!timestampe 2026\n', 'job.yaml:1:7'],
])('what cannot be read exactly as written is refused with its place: %j', (text, place) => {
  expect(() => readDocuments(text, 'job.yaml')).toThrow(place)
})

test.each(['', '# nothing\n', '---\n'])('an empty file is said to be empty: %j', (text) => {
  expect(() => readDocuments(text, 'job.yaml')).toThrow(new Failure('usage', 'job.yaml is empty'))
})

test('a YAML bomb is refused', () => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (let n = 1; n < 9; n++) {
    const [from, to] = ['abcdefghij'[n - 1], 'abcdefghij'[n]]
    bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(',')}]`)
  }
  expect(() => readDocuments(bomb.join('\n'), 'job.yaml')).toThrow(/alias/)
})

test("the server's word about a field is told with its line", () => {
  const [source] = readDocuments(yaml, 'job.yaml')
  const error = new ProblemError({
    type: 'about:blank',
    title: '',
    status: 400,
    code: 'invalid',
    detail: 'The job document is not valid.',
    requestId: 'r',
    fields: [
      { path: 'steps.0.command', message: 'too long' },
      { path: 'steps.0.timeoutSec', message: 'missing' },
    ],
  })
  expect(source && explain(withPlaces(error, source)).lines).toEqual([
    'The job document is not valid.',
    '  job.yaml:4:14 steps.0.command: too long',
    '  job.yaml:3:5 steps.0.timeoutSec: missing',
  ])
})

test('a single reason is told once, with its line', () => {
  const [source] = readDocuments(yaml, 'job.yaml')
  const field = { path: 'steps.0.command', message: 'too long' }
  const detail = 'steps.0.command: too long'
  const about = { type: 'about:blank', title: '', status: 400, code: 'invalid', requestId: 'r' } as const
  const error = new ProblemError({ ...about, detail, fields: [field] })
  expect(source && explain(withPlaces(error, source)).lines).toEqual(['job.yaml:4:14 steps.0.command: too long'])
  expect(explain(error).lines).toEqual([detail])
})

test('an exported document reads back as itself', () => {
  const document = {
    name: 'yes',
    steps: [{ command: 'echo "a: b" # c\nprintf %s\\n {{ x }}\n' }, { command: '\ttab\r\n' }],
  }
  expect(readDocuments(writeYaml(document), 'job.yaml')[0]?.value).toEqual(document)
})
