import { expect, test } from 'vitest'
import { argumentWarnings } from './sh-arguments.ts'
import { readShTemplate } from './sh-rendering.ts'

const warnings = (script: string, secrets = ['s']) =>
  argumentWarnings(readShTemplate(script).template, ({ names }) => names.some(([name]) => secrets.includes(name ?? '')))

test.each([
  ['mysql -p{{ s }} -e status', 'mysql'],
  ['mysql -p"{{ s | base64 }}"', 'mysql'],
  ['  curl -u "admin:{{ s }}" https://example.org', 'curl'],
  ['true; curl -u {{ s }}', 'curl'],
  ['if curl -u {{ s }}; then true; fi', 'curl'],
  ['! curl -u {{ s }} || exit 1', 'curl'],
  ['x=$(curl -u {{ s }})', 'curl'],
  ['login "$(printf %s {{ s }})"', 'login'],
  ['curl \\\n  -u {{ s }}', 'curl'],
  ['PATH=/opt/bin curl -u {{ s }}', 'curl'],
  ['env TOKEN={{ s }} deploy', 'env'],
  ['sudo printf {{ s }}', 'sudo'],
  ['/bin/echo {{ s }}', 'echo'],
  ['exec curl -u {{ s }}', 'curl'],
  ['command curl -u {{ s }}', 'curl'],
  ["sh -c 'curl -u {{ s }}'", 'curl'],
  ['printf %s {{ s }} | xargs login', 'what xargs starts'],
  ['password={{ s }}\nmysql -p"$password"', 'mysql'],
  ['password={{ s }}; mysql -p${password}', 'mysql'],
  ['curl -u {{ s }} <<END\ntext\nEND', 'curl'],
  ['for host in a b; do curl -u {{ s }} $host; done', 'curl'],
  ['case x in x) curl -u {{ s }};; esac', 'curl'],
])('%s shows a secret in the list of processes', (script, program) => {
  expect(warnings(script)).toEqual([expect.stringContaining(`stands among the arguments of ${program},`)])
})

test.each([
  'printf %s {{ s }} | docker login --password-stdin',
  'echo "{{ s }}" > /etc/secret',
  'TOKEN={{ s }} deploy',
  'export TOKEN={{ s }}; deploy',
  'login <<END\n{{ s }}\nEND',
  'cat <<END | login --stdin\nuser\n{{ s }}\nEND',
  'bash -c \'login <<< "$0"\' # {{ s }}',
  "sh -c 'printf %s {{ s }} | login'",
  '[ {{ s }} = x ] && deploy',
  'login() { printf %s "$1" | deploy; }\nlogin {{ s }}',
  'password={{ s }}\nprintf %s "$password" | login',
  'password={{ s }}\ndeploy "$passwords"',
  'curl -u {{ other }}',
  'for x in {{ s }}; do echo "$x" | login; done',
])('%s does not', (script) => {
  expect(warnings(script)).toEqual([])
})

test.each([
  [`python3 -c "print('{{ v }}')"`, 'python3 reads as a program'],
  [`psql -d app -c "select '{{ v }}'"`, 'psql reads as a program'],
  [`ssh web1 "systemctl restart {{ v }}"`, 'ssh reads as a command'],
])('%s makes a value part of another language', (script, reason) => {
  expect(warnings(script)).toEqual([expect.stringContaining(reason)])
})

test.each([`python3 report.py {{ v }}`, `ssh {{ v }} uptime`, `grep -e {{ v }} file`])('%s does not', (script) => {
  expect(warnings(script)).toEqual([])
})
