import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readShTemplate, renderSh, showSh } from './sh-rendering.ts'

const run = (script: string) => execFileSync('sh', ['-c', script], { encoding: 'utf8' })

const hostile = [
  `'; rm -rf / #`,
  '$(id)',
  '`id`',
  '"; id; "',
  'two\nlines\n',
  '${HOME}',
  '\\',
  '*',
  ' spaces  kept ',
  '-n',
  'ünïcödé 🦊 \u202e',
  '',
  "'\"'\"'",
  '\t\r\u0001\u007f',
  'EOF',
]

const contexts: [name: string, script: (placeholder: string) => string][] = [
  ['bare', (p) => `printf %s ${p}`],
  ['in double quotes', (p) => `printf %s "${p}"`],
  ['in single quotes', (p) => `printf %s '${p}'`],
  [
    'inside a word',
    (p) => `x=a${p}b; printf %s "\${x#a}" | sed '$ s/b$//' | { printf %s "$(cat; printf .)" | sed '$ s/.$//'; }`,
  ],
  ['in a command substitution in double quotes', (p) => `printf '%s' "$(printf '%s.' ${p})" | sed '$ s/\\.$//'`],
  ['in a here-document', (p) => `cat <<END | { x=$(cat; printf .); x=\${x%.}; printf %s "\${x%?}"; }\n${p}\nEND\n`],
]

for (const [name, script] of contexts) {
  test(`a value that tries to break out stays a value ${name}`, () => {
    for (const value of hostile) {
      const { template, problems } = readShTemplate(script('{{ v }}'))
      expect(problems).toEqual([])
      const output = run(renderSh(template, () => ({ value, isSecret: false })))
      // a line break at the end does not survive that test's own command substitution
      const seen = (text: string) => (name === 'inside a word' ? text.replace(/\n$/, '') : text)
      expect(seen(output)).toBe(seen(value))
    }
  })
}

test('the shown command does what the run one does', () => {
  for (const value of hostile) {
    for (const script of ['printf %s {{ v }}', 'printf %s "{{ v }}"', "printf %s '{{ v }}'"]) {
      const { template } = readShTemplate(script)
      expect(run(showSh(template, () => ({ value, isSecret: false })))).toBe(value)
    }
  }
})

test('a secret is masked where the command is shown', () => {
  const { template } = readShTemplate('login {{ password }}')
  expect(showSh(template, () => ({ value: 'hunter2', isSecret: true }))).toBe('login ********')
})

test.each([
  ['echo `date {{ v }}`', 'inside backticks'],
  ['echo $(( {{ v }} + 1 ))', 'inside arithmetic'],
  ['echo ${x:-{{ v }}}', 'inside ${ … }'],
  ["cat <<'END'\n{{ v }}\nEND", 'inside a quoted here-document'],
  ["echo $'{{ v }}'", "inside $'…'"],
  ['echo \\{{ v }}', 'right behind a backslash'],
  ['(( {{ v }} > 5 )) && echo big', 'inside arithmetic'],
  ['echo $[ {{ v }} ]', 'inside arithmetic'],
  ['echo $((2*(1+1)+{{ v }}))', 'inside arithmetic'],
  ['if [[ "{{ v }}" -gt 1 ]]; then echo more; fi', 'inside [[ … ]]'],
  ['let n={{ v }}+1', 'behind "let"'],
  ['a[{{ v }}]=1', 'index of an array'],
  ['x=$(case k in k) echo {{ v }};; esac)', 'behind a "case"'],
  ['cat <<END\n$(echo {{ v }})\nEND', 'here-document that also'],
])('%j is refused when saved, with its place', (script, reason) => {
  const { problems } = readShTemplate(script)
  expect(problems).toHaveLength(1)
  expect(problems[0]?.message).toContain(reason)
  expect(problems[0]?.line).toBe(script.startsWith('cat') ? 2 : 1)
})

test('arithmetic and tests that hold no value leave what follows in its own context', () => {
  const script =
    'if [[ a -eq 1 ]]; then (( y = 1<<2 )); fi; echo "$(printf %s $((2*(1+1))) {{ v }})" $(echo a)#"{{ v }}" {{ v }}'
  const { template, problems } = readShTemplate(script)
  expect(problems).toEqual([])
  expect(template.places.map(({ context }) => context)).toEqual(['bare', 'double', 'bare'])
})

test('what stands behind quotes, comments and here-documents is seen in its own context', () => {
  const script = `# it's {{ v }}\nprintf %s "a 'b' $(printf %s "{{ v }}")" 'c "d" {{ v }}' ; cat <<END\nit's {{ v }}\nEND\nprintf %s {{ v }}`
  const { template, problems } = readShTemplate(script)
  expect(problems).toEqual([])
  expect(template.places.map(({ context }) => context)).toEqual(['bare', 'double', 'single', 'heredoc', 'bare'])
})

test('a placeholder that cannot be read is reported with line and column', () => {
  const { problems } = readShTemplate('echo ok\necho {{ a b }}')
  expect(problems).toMatchObject([{ line: 2, column: 6 }])
  expect(problems[0]?.message).toMatch(
    '{{ a b }} is not a placeholder: expected {{ name }}, {{ name | filter }} or {{ name | raw }}',
  )
})
