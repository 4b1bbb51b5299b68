import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLocalWire, type Shell } from '../src/index.ts'
import { collect, until } from '../testing/index.ts'

const signal = new AbortController().signal
let shell: Shell
beforeAll(async () => {
  shell = await createLocalWire({ directory: tmpdir(), lingerMs: 200 }).connect({ signal })
})
afterAll(() => shell[Symbol.asyncDispose]())

describe('a command on the server itself', () => {
  test('gives its output, its exit code and its group', async () => {
    const run = await collect(shell, 'echo out; echo err >&2; echo $$; exit 7')
    expect(run).toMatchObject({ exit: { kind: 'exited', exitCode: 7 }, stderr: 'err\n' })
    expect(run.stdout).toBe(`out\n${run.processGroup}\n`)
  })

  test('sees nothing of the environment of the server', async () => {
    process.env.OPSCONDUCTOR_TEST_SECRET = 'in the clear'
    const { stdout } = await collect(shell, 'env')
    delete process.env.OPSCONDUCTOR_TEST_SECRET
    expect(stdout).not.toContain('OPSCONDUCTOR')
    expect(stdout).toContain('PATH=')
  })

  test('is read by the interpreter it asks for', async () => {
    const run = await collect(shell, 'echo ${BASH_VERSION:+bash}; a=(1 2 3); echo ${#a[@]}; cat; exit 3', {
      interpreter: '/bin/bash',
    })
    expect(run).toMatchObject({ exit: { kind: 'exited', exitCode: 3 }, stdout: 'bash\n3\n', stderr: '' })
  })

  test('that is killed says by what', async () => {
    expect((await collect(shell, 'kill -9 $$')).exit).toEqual({ kind: 'signalled', signal: 'KILL' })
  })

  test('ends although what it left behind keeps its output open', async () => {
    const { exit, processGroup = 0 } = await collect(shell, 'sleep 600 & exit 5')
    expect(exit).toEqual({ kind: 'exited', exitCode: 5, isOutputHeldOpen: true })
    await shell.signal(processGroup, 'KILL')
    await until(async () => (await shell.alive(processGroup)).length === 0)
  })

  test('leaves everything else its turn, when many are started at once', async () => {
    let turns = 0
    let isOver = false
    const count = () => {
      turns++
      if (!isOver) setImmediate(count)
    }
    const started = Array.from({ length: 20 }, () => {
      const begun = Promise.withResolvers<number>()
      const run = shell.run({ script: 'true', signal, onOutput: () => {}, onStarted: () => begun.resolve(turns) })
      return { run, begun: begun.promise }
    })
    setImmediate(count)
    const turnsAtStart = await Promise.all(started.map(({ begun }) => begun))
    isOver = true
    expect(turns).toBeGreaterThanOrEqual(started.length)
    expect(new Set(turnsAtStart).size).toBeGreaterThan(1)
    await Promise.all(started.map(({ run }) => run))
  })

  test('is not run when it was cancelled before', async () => {
    const run = await collect(shell, 'echo it ran', { signal: AbortSignal.abort() })
    expect(run).toMatchObject({ exit: { kind: 'stopped', because: 'cancelled', outcome: 'stopped' }, stdout: '' })
  })

  test('is ended with everything it started, also what made groups of its own', async () => {
    const cancel = new AbortController()
    let group = 0
    const run = await collect(shell, 'timeout 600 sleep 601 & trap "" TERM; echo ready; sleep 602; sleep 603', {
      signal: cancel.signal,
      killGraceMs: 300,
      onStarted: (processGroup) => (group = processGroup),
      onOutput: () => cancel.abort(),
    })
    expect(run.exit).toEqual({ kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] })
    expect(await shell.alive(group)).toEqual([])
  })

  test('is ended when nobody can take its output', async () => {
    let group = 0
    const run = collect(shell, 'echo one; sleep 600', {
      onStarted: (processGroup) => (group = processGroup),
      onOutput: () => {
        throw new Error('the disk is full')
      },
    })
    await expect(run).rejects.toThrow('the disk is full')
    expect(await shell.alive(group)).toEqual([])
  })
})

test('a group that would be everybody is never signalled', async () => {
  await expect(shell.signal(1, 'KILL')).rejects.toThrow(RangeError)
  await expect(shell.signal(0, 'KILL')).rejects.toThrow(RangeError)
  await expect(shell.signal(-1, 'KILL')).rejects.toThrow(RangeError)
})
