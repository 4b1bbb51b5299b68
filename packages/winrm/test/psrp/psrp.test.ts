import { describe, expect, test } from 'vitest'
import { CancelledError, collect, psrp, TimeoutError } from '../../src/index.ts'
import { startWindows } from '../../testing/index.ts'
import { connectTo } from '../client.ts'

describe('a script in a runspace', () => {
  test('gives output, errors as text, and its exit code', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await using remote = psrp(client)
    const said = await collect(await remote.run('echo "out: <ü> & 🙂"; echo wrong >&2; exit 3'))
    expect(said.exitCode).toBe(3)
    expect(said.stdout).toBe('out: <ü> & 🙂\r\n')
    expect(said.stderr).toContain('wrong\r\n')
    expect(said.stderr).toContain('FullyQualifiedErrorId : Simulated')
  })

  test('costs three round trips, for the runspace is kept', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const remote = psrp(client)
    await collect(await remote.run('echo one'))
    await collect(await remote.run('echo two'))
    await expect.poll(() => windows.asked.at(-1)).toBe('Signal')
    // whether output and end come together is the server's affair
    const questions = windows.asked.filter((name, at) => name !== windows.asked[at - 1])
    expect(questions).toEqual(['Create', 'Receive', 'Command', 'Receive', 'Signal', 'Command', 'Receive', 'Signal'])
    expect(windows.shellCount).toBe(1)
  })

  test('may be of any length', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await using remote = psrp(client)
    const script = `${'# a comment that makes it long\n'.repeat(3_000)}echo long`
    expect((await collect(await remote.run(script))).stdout).toBe('long\r\n')
    expect(windows.asked).toContain('Send')
  })

  test('reads lines of input and writes much output', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await using remote = psrp(client)
    const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at} ü`)
    const said = await collect(await remote.run('cat', { stdin: lines.join('\n') }))
    expect(said.stdout.trimEnd().split('\r\n')).toEqual(lines)
  })

  test('is stopped when it takes too long or is cancelled, and the runspace goes on', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await using remote = psrp(client)
    const slow = await remote.run('exec sleep 60', { timeoutMs: 300 })
    await expect(slow.exit).rejects.toThrow(TimeoutError)
    const cancelling = new AbortController()
    const cancelled = await remote.run('exec sleep 60', { signal: cancelling.signal })
    cancelling.abort()
    await expect(cancelled.exit).rejects.toThrow(CancelledError)
    expect((await collect(await remote.run('echo next'))).stdout).toBe('next\r\n')
    expect(windows.asked.filter((name) => name === 'Create')).toHaveLength(1)
  })

  test('runs beside others in runspaces of their own', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await using remote = psrp(client)
    const say = async (word: string) => (await collect(await remote.run(`echo ${word}`))).stdout.trim()
    const words = Array.from({ length: 5 }, (_, at) => `word${at}`)
    expect(await Promise.all(words.map(say))).toEqual(words)
  })
})
