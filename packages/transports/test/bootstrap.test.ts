import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { checkScript, commandLines, payload, type Launcher } from '../src/posix/bootstrap.ts'
import { findProgram } from '../testing/index.ts'

const nonce = 'd41d8cd98f00b204e9800998ecf8427e'
const awkward = `printf '%s|' "it's" "\\n" '$x' "\`echo b\`" "é✓😀" '\t' '!' "$#$oc_a$oc_s"\ncat\nexit 42`
const awkwardOutput = `${nonce}\nit's|\\n|$x|b|é✓😀|\t|!|0|`

/** Starts a log-in shell as sshd does: in a session of its own, with `-c` and the command line. */
const logIn = (shell: string, commandLine: string, input: string) => {
  const run = spawnSync('perl', ['-MPOSIX', '-e', 'POSIX::setsid; exec @ARGV', shell, '-c', commandLine], { input })
  return { code: run.status, stdout: run.stdout.toString(), stderr: run.stderr.toString() }
}

const shells = ['sh', 'bash', 'dash', 'ksh', 'mksh', 'zsh', 'csh', 'tcsh', 'fish']
const here = shells.flatMap((name) => findProgram(name) ?? [])

describe.each(here)('with %s as the log-in shell', (shell) => {
  test('a script arrives as it was written, with nothing on its standard input', () => {
    const run = logIn(shell, commandLines.plain, payload({ script: awkward, launcher: 'plain', nonce }))
    expect(run).toEqual({ code: 42, stdout: awkwardOutput, stderr: expect.stringMatching(`^${nonce} run \\d+\n$`) })
  })

  test('so does one of megabytes', () => {
    const script = `# ${'it’s long '.repeat(300_000)}\n${awkward}`
    const run = logIn(shell, commandLines.plain, payload({ script, launcher: 'plain', nonce }))
    expect(run).toMatchObject({ code: 42, stdout: awkwardOutput })
  })

  test.each<Launcher>(['setsid', 'perl'])('%s gives it a group of its own', (launcher) => {
    const script = `ps -o pgid= -p $$ | tr -d ' '; echo $$; exit 42`
    const run = logIn(shell, commandLines[launcher], payload({ script, launcher, nonce }))
    const [, group, pid] = run.stdout.split('\n')
    expect(group).toBe(pid)
    expect(run).toMatchObject({ code: 42, stderr: `${nonce} run ${pid}\n` })
  })
})

describe('the script', () => {
  test.each(['short', 'long'])('never runs in part when its end is missing (%s)', (length) => {
    const script = `echo one\necho 'it'\necho three # ${'x'.repeat(length === 'long' ? 20_000 : 0)}\necho "it's"`
    const whole = payload({ script, launcher: 'plain', nonce })
    const cuts = [0.2, 0.5, 0.9].map((part) => Math.floor(whole.length * part))
    const nearTheEnd = Array.from({ length: 60 }, (_, index) => whole.lastIndexOf('}') - index)
    for (const cut of [...cuts, ...nearTheEnd]) {
      const run = logIn('/bin/sh', commandLines.plain, whole.slice(0, cut))
      expect(run.stdout).toBe('')
    }
  })

  test('may begin with a dash, be empty, or be a comment without an end', () => {
    const codeOf = (script: string) =>
      logIn('/bin/sh', commandLines.plain, payload({ script, launcher: 'plain', nonce })).code
    expect([codeOf('-x'), codeOf(''), codeOf('# nothing')]).toEqual([127, 0, 0])
  })

  test('is refused when it holds what no shell can take', () => {
    expect(() => checkScript('echo \0', undefined)).toThrow(/NUL/)
    expect(() => checkScript('echo \ud800', undefined)).toThrow(/surrogate/)
    expect(() => checkScript('echo', 'sh; reboot')).toThrow(/interpreter/)
    expect(() => checkScript('echo', '/usr/bin/env python3 -u')).not.toThrow()
  })
})

test('a command in the group of somebody else is not run, and says what could make a group for it', () => {
  const inOurGroup = spawnSync(
    '/bin/sh',
    ['-c', `/bin/sh -c '${commandLines.plain.replaceAll("'", `'\\''`)}'; exit $?`],
    {
      input: payload({ script: 'echo it ran', launcher: 'plain', nonce }),
    },
  )
  expect(inOurGroup.stderr.toString()).toMatch(new RegExp(`^${nonce} wrap (setsid|perl)\n$`))
  expect(inOurGroup.stdout.toString()).toBe('')
})
