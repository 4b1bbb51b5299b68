import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readShTemplate, renderSh, showSh } from './sh-rendering.ts'

const value = `it's "a" $HOME \`b\` \\ c`
const rendered = (script: string) => renderSh(readShTemplate(script).template, () => ({ value, isSecret: false }))
const shown = (script: string) => showSh(readShTemplate(script).template, () => ({ value, isSecret: false }))
const run = (script: string) => spawnSync('sh', { input: script, encoding: 'utf8' })

test.each([
  `sh -c 'printf %s {{ v }}'`,
  `sh -c 'printf %s "{{ v }}"'`,
  `sh -c "printf %s {{ v }}"`,
  `sh -c "printf %s \\"{{ v }}\\""`,
  `sh -c "printf %s '{{ v }}'"`,
  `/bin/sh -ec 'printf %s {{ v }}'`,
  `exec sh -c 'printf %s {{ v }}'`,
  `sh -c 'printf %s "$1"' sh {{ v }}`,
  `true && ( sh -c 'printf %s {{ v }}' )`,
  `printf %s "$(sh -c 'printf %s {{ v }}')"`,
])('a value stays a value in %s, where it runs and where it is shown', (script) => {
  expect(readShTemplate(script).problems).toEqual([])
  expect(run(rendered(script)).stdout).toBe(value)
  expect(run(shown(script)).stdout).toBe(value)
})

test('a second shell to which the variable does not come says so instead of going on without', () => {
  const { status, stderr, stdout } = run(rendered(`sh -c 'unset OC_1; echo {{ v }}'`))
  expect([status === 0, stdout]).toEqual([false, ''])
  expect(stderr).toContain('OC_1')
})

test('only what a second shell needs is exported', () => {
  expect(rendered('echo {{ v }}')).not.toContain('export')
  expect(rendered(`sh -c 'echo {{ v }}'`)).toContain('export OC_1')
})

test.each([
  ['eval "echo {{ v }}"', 'behind "eval"'],
  ['command eval echo {{ v }}', 'behind "eval"'],
  [`trap "rm {{ v }}" EXIT`, 'in the script of "trap"'],
  [`sh -c {{ v }}`, 'not in one pair of quotes'],
  [`sh -c 'echo '{{ v }}`, 'not in one pair of quotes'],
  [`sh -c "echo $x {{ v }}"`, 'that the first shell changes'],
  [`sh -c "echo $(date) {{ v }}"`, 'that the first shell changes'],
  [`sh -c 'sh -c "echo {{ v }}"'`, 'in a script within a script'],
  [`sh -c 'eval {{ v }}'`, 'in a script within a script'],
  [`sh -c 'echo $(( {{ v }} ))'`, 'inside arithmetic'],
  [`sudo sh -c 'echo {{ v }}'`, `behind "sudo"`],
  [`docker exec web bash -lc "echo {{ v }}"`, `behind "docker"`],
  [`su - deploy -c "echo {{ v }}"`, 'in a script of "su -c"'],
  [`fish -c 'echo {{ v }}'`, 'whose quotes are not known'],
  [`$SHELL -c {{ v }}`, 'not in one pair of quotes'],
  [`sh <<END\necho {{ v }}\nEND`, 'that a shell reads'],
  [`sudo bash -s <<END\necho {{ v }}\nEND`, 'that a shell reads'],
  [`bash <<< "echo {{ v }}"`, 'that a shell reads'],
  [`cat <<END | sh\necho {{ v }}\nEND`, 'in front of a pipe into a shell'],
  [`echo "rm {{ v }}" | sudo sh`, 'in front of a pipe into a shell'],
])('%s is refused', (script, reason) => {
  const { problems } = readShTemplate(script)
  expect(problems).toHaveLength(1)
  expect(problems[0]?.message).toContain(reason)
})

test.each([
  'curl -fsSL {{ v }} | sh',
  'trap "cleanup" EXIT; echo {{ v }}',
  'sh ./deploy.sh {{ v }}',
  'bash -c ./deploy.sh bash {{ v }}',
  'echo {{ v }} | bash ./reads.sh',
  'ssh {{ v }} uptime',
  'grep -c {{ v }} /etc/hosts',
  `cat <<END > /tmp/x; echo done | sh\n{{ v }}\nEND`,
])('%s is not', (script) => {
  expect(readShTemplate(script).problems).toEqual([])
})
