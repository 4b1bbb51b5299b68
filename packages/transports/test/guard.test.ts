import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { collectGuarded, createAccount, shellsHere, until } from '../testing/index.ts'

const signal = new AbortController().signal

describe.each(shellsHere())('a guard, with $name as sh', ({ name, path }) => {
  test('lets a command start once', async () => {
    await using account = await createAccount({ sh: path })
    const { shell } = account
    const first = await collectGuarded(shell, 'one', 'echo it ran; exit 3')
    expect(first).toMatchObject({ exit: { kind: 'exited', exitCode: 3 }, stdout: 'it ran\n', stderr: '' })
    const again = await collectGuarded(shell, 'one', 'echo it ran')
    expect(again).toMatchObject({ exit: { kind: 'guarded' }, stdout: '', stderr: '' })
    // the second way of taking one, which is used once the place is known
    const other = await collectGuarded(shell, 'two', 'echo "$#"; set | grep ^oc_; exit 4')
    expect(other).toMatchObject({ exit: { kind: 'exited', exitCode: 4 }, stdout: '0\n', stderr: '' })
    expect((await collectGuarded(shell, 'two', 'echo it ran')).exit).toEqual({ kind: 'guarded' })
    expect(statSync(account.folder).mode & 0o777).toBe(0o700)
  })

  test('that is burnt lets nothing start, and says so again and again', async () => {
    await using account = await createAccount({ sh: path })
    const { shell } = account
    expect(await shell.burn({ id: 'one' })).toEqual({ kind: 'burnt' })
    expect((await collectGuarded(shell, 'one', 'echo it ran')).exit).toEqual({ kind: 'guarded' })
    expect(await shell.detach({ id: 'one', script: 'echo it ran', signal })).toEqual({ kind: 'guarded' })
    expect(await shell.burn({ id: 'one' })).toEqual({ kind: 'burnt' })
  })

  test('tells what became of a command that was started', async () => {
    await using account = await createAccount({ sh: path })
    const { shell } = account
    const cancel = new AbortController()
    let group = 0
    const run = collectGuarded(shell, 'one', 'sleep 600', {
      signal: cancel.signal,
      onStarted: (processGroup) => (group = processGroup),
    })
    await until(() => group > 0)
    expect(await shell.burn({ id: 'one' })).toEqual({ kind: 'running', isDetached: false, processGroup: group })
    cancel.abort()
    expect((await run).exit).toMatchObject({ kind: 'stopped', outcome: 'stopped' })
    expect(await shell.burn({ id: 'one' })).toMatchObject({ kind: 'gone', isDetached: false })
    await collectGuarded(shell, 'two', 'exit 5')
    expect(await shell.burn({ id: 'two' })).toMatchObject(
      ['dash', 'posh', 'yash'].includes(name)
        ? { kind: 'ended', isDetached: false, exit: { kind: 'exited', exitCode: 5 } }
        : { kind: 'gone', isDetached: false },
    )
  })

  test('is never taken twice, whoever is first', async () => {
    await using account = await createAccount({ sh: path })
    const { shell, home } = account
    const starts = (id: string): number =>
      existsSync(join(home, id)) ? readFileSync(join(home, id), 'utf8').trim().split('\n').length : 0
    const rounds = name === 'dash' ? 50 : 5
    for (let round = 0; round < rounds; round++) {
      const id = `race-${round}`
      const start = () => collectGuarded(shell, id, `echo started >>"$HOME/${id}"`)
      const kinds = (await Promise.all([start(), start()])).map(({ exit }) => exit.kind)
      expect(kinds.toSorted()).toEqual(['exited', 'guarded'])
      expect(starts(id)).toBe(1)
    }
    for (let round = 0; round < rounds; round++) {
      const id = `burn-${round}`
      const [run, burnt] = await Promise.all([
        collectGuarded(shell, id, `echo started >>"$HOME/${id}"`),
        shell.burn({ id }),
      ])
      expect(starts(id)).toBe(run.exit.kind === 'guarded' ? 0 : 1)
      expect(burnt.kind === 'burnt').toBe(run.exit.kind === 'guarded')
    }
  })
})

test('two commands that make the folder at the same time do not both start', async () => {
  for (let round = 0; round < 20; round++) {
    await using account = await createAccount()
    const start = () => collectGuarded(account.shell, 'one', 'true')
    const kinds = (await Promise.all([start(), start()])).map(({ exit }) => exit.kind)
    expect(kinds.toSorted()).toEqual(['exited', 'guarded'])
  }
})

test('a guard is taken by one of twenty at once', async () => {
  await using account = await createAccount()
  const runs = Array.from({ length: 20 }, () => collectGuarded(account.shell, 'many', 'echo it ran'))
  const outputs = (await Promise.all(runs)).map(({ stdout }) => stdout)
  expect(outputs.filter((output) => output !== '')).toEqual(['it ran\n'])
})

test('the name of a guard is no path and no shell text', async () => {
  await using account = await createAccount()
  for (const id of ['', '../up', 'a b', '$(id)', '-x', 'a.d', 'x'.repeat(101)])
    await expect(account.shell.burn({ id })).rejects.toThrow(RangeError)
})
