import { describe, expect, test } from 'vitest'
import {
  CancelledError,
  collect,
  ConnectionError,
  ShellLostError,
  TimeoutError,
  type Command,
} from '../../src/index.ts'
import { faults, startWindows } from '../../testing/index.ts'
import { connectTo } from '../client.ts'

const sleeping = { args: ['-c', 'echo $$; exec sleep 60'] }

/** The number of the process, which it says first. */
const pidOf = async ({ output }: Command): Promise<number> => {
  for await (const { data } of output) return Number(data.toString())
  throw new Error('it said nothing')
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const failure = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error)

describe('a command that is to stop', () => {
  test('is ended through a second connection, and its shell runs the next one', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await using shell = await client.shell()
    const cancelling = new AbortController()
    const command = await shell.run('sh', { ...sleeping, signal: cancelling.signal })
    const pid = await pidOf(command)
    cancelling.abort()
    const error = await failure(command.exit)
    expect(error).toBeInstanceOf(CancelledError)
    expect(error).toMatchObject({ isStopped: true })
    await expect.poll(() => isAlive(pid)).toBe(false)
    expect(windows.traffic.connections).toBe(2)
    expect((await collect(await shell.run('echo next'))).stdout).toBe('next\r\n')
  })

  test('because its time is over says so', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const command = await client.run('sh', { ...sleeping, timeoutMs: 300 })
    const pid = await pidOf(command)
    const error = await failure(command.exit)
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ phase: 'command', limitMs: 300, isStopped: true })
    await expect.poll(() => isAlive(pid)).toBe(false)
  })

  test('keeps what it said before', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const command = await client.run('sh', { args: ['-c', 'echo before; exec sleep 60'], timeoutMs: 500 })
    const heard: string[] = []
    const hear = async () => {
      for await (const { data } of command.output) heard.push(data.toString())
    }
    expect(await failure(hear())).toBeInstanceOf(TimeoutError)
    expect(heard).toEqual(['before\n'])
  })

  test('and takes no signal loses its shell', async () => {
    await using windows = await startWindows({
      intercept: ({ name }) => (name === 'Signal' ? { fault: faults.accessDenied } : undefined),
    })
    await using client = await connectTo(windows)
    const command = await client.run('sh', { ...sleeping, timeoutMs: 200 })
    const pid = await pidOf(command)
    expect(await failure(command.exit)).toMatchObject({ name: 'TimeoutError', isStopped: true })
    await expect.poll(() => isAlive(pid)).toBe(false)
    await expect.poll(() => windows.shellCount).toBe(0)
  })

  test('when nothing at all answers any more is not claimed to have stopped', async () => {
    const windows = await startWindows()
    await using client = await connectTo(windows, { reconnectMs: 60_000, connectTimeoutMs: 500 })
    const cancelling = new AbortController()
    const command = await client.run('sh', { ...sleeping, signal: cancelling.signal })
    await pidOf(command)
    await windows.close()
    cancelling.abort()
    expect(await failure(command.exit)).toMatchObject({ name: 'CancelledError', isStopped: false })
  })

  test('before it has begun never begins', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const isTooLate = AbortSignal.abort()
    await expect(client.run('echo never', { signal: isTooLate })).rejects.toThrow(CancelledError)
    expect(windows.asked).not.toContain('Command')
  })

  test('by ctrl-c ends as Windows says it', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const command = await client.run('sh', sleeping)
    await pidOf(command)
    await command.signal('ctrl_c')
    expect((await command.exit).exitCode).toBe(0xc000013a)
  })
})

describe('a command whose connection is lost', () => {
  test('goes on, and its output comes whole over the next connection', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const command = await client.run('sh', {
      args: ['-c', 'for n in 1 2 3 4 5 6; do echo $n; sleep 0.2; done; exit 6'],
    })
    let heard = ''
    for await (const { data } of command.output) {
      heard += data.toString()
      if (/^[135]/.test(data.toString())) windows.cut()
    }
    expect(heard).toBe('1\n2\n3\n4\n5\n6\n')
    expect((await command.exit).exitCode).toBe(6)
  })

  test('for good is a ConnectionError that claims no end', async () => {
    const windows = await startWindows()
    await using client = await connectTo(windows, { reconnectMs: 300 })
    const command = await client.run('sh', sleeping)
    await pidOf(command)
    await windows.close()
    await expect(command.exit).rejects.toThrow(ConnectionError)
    await expect(command.exit).rejects.toThrow(/how the command ended is unknown/)
  })

  test('by a restart of the server is a ShellLostError', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const command = await client.run('sh', sleeping)
    await pidOf(command)
    windows.restart()
    await expect(command.exit).rejects.toThrow(ShellLostError)
  })
})

describe('closing', () => {
  test('a shell ends what runs in it', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const shell = await client.shell()
    const command = await shell.run('sh', sleeping)
    const pid = await pidOf(command)
    await shell.close()
    expect(await failure(command.exit)).toMatchObject({ name: 'RemoteFault', code: 995 })
    await expect.poll(() => isAlive(pid)).toBe(false)
  })
})
