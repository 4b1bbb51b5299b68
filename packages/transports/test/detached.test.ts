import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createAccount, follow, shellsHere, until, type Account } from '../testing/index.ts'

const signal = new AbortController().signal

const detached = async (account: Account, id: string, script: string, interpreter?: string): Promise<number> => {
  const answer = await account.shell.detach({
    id,
    script,
    signal,
    ...(interpreter === undefined ? {} : { interpreter }),
  })
  if (answer.kind !== 'started') throw new Error(`it did not start: ${JSON.stringify(answer)}`)
  return answer.processGroup
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) || isThere(pid)
const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe.each(shellsHere())('a detached command, with $name as sh', ({ name, path }) => {
  test('gives its output, its exit code and its group, also to those who ask later', async () => {
    await using account = await createAccount({ sh: path })
    const { shell } = account
    const awkward = `printf '%s|' "it's" "\\n" '$x' "é✓😀" "$#" "$0"; set | grep ^oc_; echo err >&2; cat; echo $$; exit 42`
    const group = await detached(account, 'one', awkward)
    const expected = `it's|\\n|$x|é✓😀|0|sh|${group}\n`
    const { end, stdout, stderr } = await follow(shell, 'one')
    expect({ end, stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({
      end: { kind: 'exited', exitCode: 42 },
      stdout: expected,
      stderr: 'err\n',
    })
    const rest = await follow(shell, 'one', { from: { stdout: 5, stderr: 4 } })
    expect(rest.end).toEqual(end)
    expect(rest.stdout.toString()).toBe(Buffer.from(expected).subarray(5).toString())
    expect(await shell.burn({ id: 'one' })).toEqual({ kind: 'ended', isDetached: true, exit: end })
    expect(await shell.remove({ id: 'one' })).toBe(true)
    expect(readdirSync(join(account.folder, 'steps'))).toEqual(['one'])
    expect(await follow(shell, 'one')).toMatchObject({ end, stdout: Buffer.alloc(0) })
    expect(await shell.detach({ id: 'one', script: 'echo again', signal })).toEqual({ kind: 'guarded' })
  })

  test('tells a signal from an exit code as far as its sh can', async () => {
    await using account = await createAccount({ sh: path })
    const endOf = async (id: string, script: string) => {
      await detached(account, id, script)
      return (await follow(account.shell, id)).end
    }
    const maybe = (exitCode: number, possibleSignal: string) => ({ kind: 'exited', exitCode, possibleSignal })
    expect(await endOf('killed', 'kill -9 $$; sleep 9')).toEqual(
      name === 'zsh' ? maybe(137, 'KILL') : { kind: 'signalled', signal: 'KILL' },
    )
    expect(await endOf('143', 'exit 143')).toEqual(
      name === 'zsh' ? maybe(143, 'TERM') : { kind: 'exited', exitCode: 143 },
    )
    expect(await endOf('pipe', 'kill -PIPE $$; sleep 9')).toEqual(
      ['ksh', 'yash'].includes(name) ? { kind: 'signalled', signal: 'PIPE' } : maybe(141, 'PIPE'),
    )
  })

  test('writes megabytes that arrive as they were written', async () => {
    await using account = await createAccount({ sh: path })
    const bytes = randomBytes(3_000_000)
    writeFileSync(join(account.home, 'bytes'), bytes)
    await detached(account, 'one', 'cat ~/bytes; cat ~/bytes >&2')
    const { end, stdout, stderr } = await follow(account.shell, 'one')
    expect(end).toEqual({ kind: 'exited', exitCode: 0 })
    expect([stdout.equals(bytes), stderr.equals(bytes)]).toEqual([true, true])
  })

  test('is stopped with everything it started, also what ignores TERM and what has a group of its own', async () => {
    await using account = await createAccount({ sh: path })
    const pids = (): number[] => readFileSync(join(account.home, 'pids'), 'utf8').trim().split('\n').map(Number)
    // three levels of processes; sleep begins as a child that ignores TERM
    const tree = `trap '' TERM; note() { echo $1 >>"$HOME/pids"; }; note $$
sh -c 'echo $$ >>"$HOME/pids"; sh -c "echo \\$\\$ >>~/pids; sleep 601; :"; :' &
timeout 602 sleep 603 & note $!
echo ready; wait; wait`
    const group = await detached(account, 'one', tree)
    await until(() => existsSync(join(account.home, 'pids')) && pids().length === 4)
    const cancel = new AbortController()
    const run = await follow(account.shell, 'one', {
      cancel: cancel.signal,
      killGraceMs: 300,
      onOutput: () => cancel.abort(),
    })
    expect(run.end).toEqual({ kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] })
    expect(await account.shell.alive(group)).toEqual([])
    await until(() => pids().every((pid) => !isAlive(pid) || statOf(pid) === 'Z'))
    expect(await account.shell.burn({ id: 'one' })).toMatchObject({ kind: 'ended', stopReason: 'cancelled' })
  })
})

const statOf = (pid: number): string => {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? ''
  } catch {
    return 'Z'
  }
}

describe('a detached command', () => {
  test('is heard within 50 ms of what it writes', async () => {
    await using account = await createAccount()
    await detached(account, 'one', 'i=0; while [ $i -lt 20 ]; do date +%s%N; sleep 0.05; i=$((i + 1)); done')
    const delaysMs: number[] = []
    await follow(account.shell, 'one', {
      onOutput: (_stream, bytes) => {
        const lines = Buffer.from(bytes).toString().trim().split('\n')
        delaysMs.push(Date.now() - Number(lines.at(-1)) / 1e6)
      },
    })
    // the first are there before anyone listens
    expect(delaysMs.length).toBeGreaterThan(10)
    // others use this machine, too: what counts is that it can be so quick
    expect(delaysMs.toSorted((a, b) => a - b)[Math.floor(delaysMs.length / 4)]).toBeLessThan(50)
  })

  test('is read by the interpreter it asks for', async () => {
    await using account = await createAccount()
    await detached(account, 'one', 'import sys; print(sys.stdin.read() + "py", flush=True); sys.exit(9)', 'python3')
    expect(await follow(account.shell, 'one')).toMatchObject({ end: { exitCode: 9 }, stdout: Buffer.from('py\n') })
  })

  test.each([
    ['bash', 100],
    ['bash', 100_000],
    ['dash', 100_000],
  ])('hands its script to an interpreter through a pipe where sh is %s, of %i bytes', async (name, sizeBytes) => {
    const sh = shellsHere().find((shell) => shell.name === name)?.path ?? '/bin/sh'
    await using account = await createAccount({ sh })
    const script = `import os, sys; print(os.readlink("/proc/self/fd/3")[:5], 'it\\'s "$HOME"') # ${'x'.repeat(sizeBytes)}`
    await detached(account, 'one', `${script}\nsys.exit(9)`, 'python3')
    const { end, stdout, stderr } = await follow(account.shell, 'one')
    expect({ end, stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({
      end: { kind: 'exited', exitCode: 9 },
      stdout: `pipe: it's "$HOME"\n`,
      stderr: '',
    })
  })

  test('has its script in no file, no argument list and no environment', async () => {
    await using account = await createAccount()
    const secret = `secret-${randomBytes(8).toString('hex')}`
    const script = `word='${secret}'; sleep 0.5 # ${secret} ${'x'.repeat(100_000)}\n[ -n "$word" ]`
    await detached(account, 'one', script)
    const steps = join(account.folder, 'steps')
    const files = readdirSync(steps, { recursive: true, encoding: 'utf8' })
      .map((name) => join(steps, name))
      .filter((file) => statSync(file).isFile())
    expect(files.length).toBeGreaterThan(4)
    expect(files.filter((file) => readFileSync(file).includes(secret))).toEqual([])
    const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid))
    const mentions = processes.filter((pid) => {
      try {
        return ['cmdline', 'environ'].some((file) => readFileSync(`/proc/${pid}/${file}`).includes(secret))
      } catch {
        return false // ended in between
      }
    })
    expect(mentions).toEqual([])
    expect((await follow(account.shell, 'one')).end).toEqual({ kind: 'exited', exitCode: 0 })
  })

  test('is left alone when only the following ends', async () => {
    await using account = await createAccount()
    await detached(account, 'one', 'echo ready; sleep 0.5; echo done')
    const leave = new AbortController()
    const first = await follow(account.shell, 'one', { signal: leave.signal, onOutput: () => leave.abort() })
    expect(first).toMatchObject({ end: { kind: 'left' }, position: { stdout: 6 } })
    const second = await follow(account.shell, 'one', { from: first.position })
    expect(second).toMatchObject({ end: { kind: 'exited', exitCode: 0 }, stdout: Buffer.from('done\n') })
  })

  test('is stopped when its time is over, and its last words are heard', async () => {
    await using account = await createAccount()
    await detached(account, 'one', 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.02; done')
    const { end, stdout } = await follow(account.shell, 'one', { timeoutMs: 600 })
    expect(end).toEqual({ kind: 'stopped', because: 'timeout', outcome: 'stopped', pids: [] })
    expect(stdout.toString()).toBe('ready\nbye\n')
    const known = {
      kind: 'ended',
      isDetached: true,
      exit: { kind: 'exited', exitCode: 3 },
      stopReason: 'timeout',
    }
    expect(await account.shell.burn({ id: 'one' })).toEqual(known)
    expect(await account.shell.remove({ id: 'one' })).toBe(true)
    expect(await account.shell.burn({ id: 'one' })).toEqual(known)
  })

  test('that has ended by itself is not said to have been stopped', async () => {
    await using account = await createAccount()
    await detached(account, 'one', 'exit 3')
    const { end } = await follow(account.shell, 'one')
    const stopped = { kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] }
    expect(await account.shell.stop({ id: 'one', because: 'cancelled' })).toEqual(stopped)
    expect(await account.shell.burn({ id: 'one' })).toEqual({ kind: 'ended', isDetached: true, exit: end })
  })

  test('that writes without end is stopped, whether anyone follows or not', async () => {
    await using account = await createAccount()
    const { shell } = account
    await shell.detach({ id: 'one', script: 'yes', signal, outputLimitBytes: 1_000_000 })
    await until(async () => (await shell.burn({ id: 'one' })).kind === 'ended')
    expect(await shell.burn({ id: 'one' })).toEqual({
      kind: 'ended',
      isDetached: true,
      exit: { kind: 'signalled', signal: 'TERM' },
      stopReason: 'output_limit',
    })
  })

  test('ends although what it left behind goes on, and that is said', async () => {
    await using account = await createAccount()
    const group = await detached(account, 'one', 'sleep 600 & echo ready; exit 5')
    const { end, stdout } = await follow(account.shell, 'one')
    expect(end).toEqual({ kind: 'exited', exitCode: 5, isOutputHeldOpen: true })
    expect(stdout.toString()).toBe('ready\n')
    expect(await account.shell.stop({ id: 'one', because: 'cancelled', killGraceMs: 500 })).toMatchObject({
      outcome: 'stopped',
    })
    expect(await account.shell.alive(group)).toEqual([])
  })

  test('is waited for until what it piped its output into has written it', async () => {
    await using account = await createAccount()
    await detached(account, 'one', 'exec > >(sleep 0.3; cat); echo late', '/bin/bash')
    expect((await follow(account.shell, 'one')).stdout.toString()).toBe('late\n')
  })

  test('may start a daemon in a session of its own, which is not part of it', async () => {
    await using account = await createAccount()
    await detached(account, 'one', "setsid sh -c 'echo $$ >~/daemon; exec sleep 600' >/dev/null 2>&1 & sleep 0.2")
    expect((await follow(account.shell, 'one')).end).toEqual({ kind: 'exited', exitCode: 0 })
    const daemon = Number(readFileSync(join(account.home, 'daemon'), 'utf8'))
    expect(isAlive(daemon)).toBe(true)
    process.kill(daemon, 'SIGKILL')
  })

  test('whose keeper is killed is said to be unknown, and can still be stopped', async () => {
    await using account = await createAccount()
    const { shell } = account
    const group = await detached(account, 'one', 'echo ready; sleep 600')
    const keeper = Number(readFileSync(join(account.folder, 'steps', 'one'), 'utf8').split(' ')[1])
    const following = follow(shell, 'one')
    await until(async () => (await shell.burn({ id: 'one' })).kind === 'running')
    process.kill(keeper, 'SIGKILL')
    expect(await following).toMatchObject({
      end: { kind: 'unknown', processGroup: group, reason: expect.stringContaining('still runs') },
      stdout: Buffer.from('ready\n'),
    })
    expect(await shell.burn({ id: 'one' })).toMatchObject({ kind: 'gone', processGroup: group })
    expect(await shell.stop({ id: 'one', because: 'cancelled' })).toMatchObject({ outcome: 'stopped' })
    expect(await shell.alive(group)).toEqual([])
  })

  test('of before the machine was started anew is said to be lost, and no stranger is signalled for it', async () => {
    await using account = await createAccount()
    const { shell } = account
    const group = await detached(account, 'one', 'sleep 600')
    const state = join(account.folder, 'steps', 'one')
    const noted = readFileSync(state, 'utf8')
    process.kill(Number(noted.split(' ')[1]), 'SIGKILL') // the keeper, which would not be there after that
    writeFileSync(state, noted.replace(/[0-9a-f-]{36}/, '00000000-0000-0000-0000-000000000000'))
    expect((await follow(shell, 'one')).end).toEqual({
      kind: 'unknown',
      reason: expect.stringContaining('started anew'),
    })
    await shell.stop({ id: 'one', because: 'cancelled', killGraceMs: 100 })
    expect(await shell.alive(group)).toContain(group)
    writeFileSync(state, noted)
    // the number was given to somebody who began at another time
    const groupFile = join(`${state}.d`, 'group')
    const ours = readFileSync(groupFile, 'utf8')
    writeFileSync(groupFile, `${group} 1\n`)
    await shell.stop({ id: 'one', because: 'cancelled', killGraceMs: 100 })
    expect(await shell.alive(group)).toContain(group)
    writeFileSync(groupFile, ours)
    expect(await shell.stop({ id: 'one', because: 'cancelled' })).toMatchObject({ outcome: 'stopped' })
  })

  test('that was cancelled before is not started, and its guard stays free', async () => {
    await using account = await createAccount()
    const { shell } = account
    await expect(shell.detach({ id: 'one', script: 'echo it ran', signal: AbortSignal.abort() })).rejects.toMatchObject(
      {
        fault: 'cancelled',
        details: { started: false },
      },
    )
    expect(existsSync(account.folder)).toBe(false)
  })

  test('that nobody knows is unknown, and one that was burnt never was', async () => {
    await using account = await createAccount()
    expect((await follow(account.shell, 'none')).end).toMatchObject({ kind: 'unknown' })
    await account.shell.burn({ id: 'burnt' })
    expect((await follow(account.shell, 'burnt')).end).toMatchObject({
      kind: 'unknown',
      reason: expect.stringContaining('never started'),
    })
  })

  test('of twenty starters runs once', async () => {
    await using account = await createAccount()
    const script = 'echo started >>"$HOME/starts"'
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => account.shell.detach({ id: 'one', script, signal })),
    )
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual([...Array(19).fill('guarded'), 'started'])
    await follow(account.shell, 'one')
    expect(readFileSync(join(account.home, 'starts'), 'utf8')).toBe('started\n')
  })

  test('is held back by no one, however slowly its output is taken', async () => {
    await using account = await createAccount()
    await detached(account, 'one', 'head -c 20000000 /dev/zero')
    const hash = createHash('sha256')
    let isFirst = true
    const { end } = await follow(account.shell, 'one', {
      onOutput: async (_stream, bytes) => {
        hash.update(bytes)
        // it has ended long before its output was taken
        if (isFirst) await until(async () => (await account.shell.burn({ id: 'one' })).kind === 'ended')
        isFirst = false
      },
    })
    expect(end).toEqual({ kind: 'exited', exitCode: 0 })
    expect(hash.digest('hex')).toBe(createHash('sha256').update(Buffer.alloc(20_000_000)).digest('hex'))
  })
})

describe('where there is no setsid', () => {
  test.each([
    ['perl makes the session', ['setsid']],
    ['bash makes the group', ['setsid', 'perl']],
  ])('%s', async (_title, without) => {
    await using account = await createAccount({ without })
    const group = await detached(account, 'one', 'echo out; echo err >&2; echo $$; sleep 0.2; exit 7')
    const { end, stdout, stderr } = await follow(account.shell, 'one')
    expect({ end, stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({
      end: { kind: 'exited', exitCode: 7 },
      stdout: `out\n${group}\n`,
      stderr: 'err\n',
    })
    const second = await detached(account, 'two', 'sleep 601 & sleep 602')
    expect(await account.shell.stop({ id: 'two', because: 'cancelled' })).toMatchObject({ outcome: 'stopped' })
    expect(await account.shell.alive(second)).toEqual([])
  })

  test('nor perl, bash and ksh, nothing is started and no guard taken', async () => {
    const without = ['setsid', 'perl', 'bash', 'ksh', 'ksh93', 'mksh']
    await using account = await createAccount({ without })
    const answer = await account.shell.detach({ id: 'one', script: 'echo it ran', signal })
    expect(answer).toEqual({ kind: 'unsupported', reason: expect.stringContaining('setsid') })
    expect(existsSync(account.folder)).toBe(false)
  })

  test('and no mkfifo either, the output is asked for from time to time', async () => {
    await using account = await createAccount({ without: ['mkfifo'] })
    await detached(account, 'one', 'echo one; sleep 0.3; echo two')
    expect(await follow(account.shell, 'one')).toMatchObject({
      end: { kind: 'exited', exitCode: 0 },
      stdout: Buffer.from('one\ntwo\n'),
    })
  })
})
