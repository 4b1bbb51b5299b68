import { createHash, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLocalWire, type Shell } from '../src/index.ts'
import { collect } from '../testing/index.ts'

const signal = new AbortController().signal
let shell: Shell
beforeAll(async () => {
  shell = await createLocalWire({ directory: tmpdir(), lingerMs: 200 }).connect({ signal })
})
afterAll(() => shell[Symbol.asyncDispose]())

const pieces = async function* (...bytes: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* bytes
}

test('what a command is given to read arrives byte for byte, after a script of any length', async () => {
  const bytes = randomBytes(3_000_000)
  const input = pieces(bytes.subarray(0, 1), bytes.subarray(1, 70_000), bytes.subarray(70_000))
  const { stdout } = await collect(shell, `# ${'x'.repeat(20_000)}\nsha256sum`, { input })
  expect(stdout).toContain(createHash('sha256').update(bytes).digest('hex'))
})

test('a command need not read what it is given', async () => {
  const input = pieces(randomBytes(3_000_000), randomBytes(3_000_000))
  expect((await collect(shell, 'exit 3', { input })).exit).toEqual({ kind: 'exited', exitCode: 3 })
})

test('an interpreter reads it too', async () => {
  const input = pieces(Buffer.from('hello'))
  const { stdout } = await collect(shell, 'import sys; print(sys.stdin.read()[::-1])', {
    input,
    interpreter: 'python3',
  })
  expect(stdout).toBe('olleh\n')
})

test('a command whose input breaks off is stopped, and the error is the caller’s', async () => {
  let group = 0
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half')
    throw new Error('the disk is gone')
  }
  const run = collect(shell, 'cat; sleep 600', {
    input: broken(),
    onStarted: (processGroup) => (group = processGroup),
  })
  await expect(run).rejects.toThrow('the disk is gone')
  expect(await shell.alive(group)).toEqual([])
})
