import { describe, expect, test } from 'vitest'
import { collect, CommandTooLongError, QuotaError, RemoteFault, TimeoutError, WinrmError } from '../../src/index.ts'
import { faults, startWindows } from '../../testing/index.ts'
import { connectTo } from '../client.ts'

const sh = (script: string) => ({ args: ['-c', script] })

describe('a command', () => {
  test('gives its output, both streams, and its exit code', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const said = await collect(await client.run('sh', sh('echo out; echo err >&2; exit 3')))
    expect(said).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
  })

  test.each([
    ['exit 3221225786', 3221225786],
    ['exit -1', 4294967295],
    ['exit 0', 0],
  ])('that ends with "%s" reports %i', async (line, exitCode) => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    expect((await (await client.run(line)).exit).exitCode).toBe(exitCode)
  })

  test('takes three round trips on an open shell', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await using shell = await client.shell()
    const before = windows.traffic.requests
    await collect(await shell.run('echo one'))
    await collect(await shell.run('echo two'))
    // the last acknowledgement is not waited for, so it may still be on its way
    await expect.poll(() => windows.asked.at(-1)).toBe('Signal')
    // whether output and end come together is the server's affair
    const questions = windows.asked.filter((name, at) => name !== windows.asked[at - 1])
    expect(windows.traffic.requests - before).toBe(windows.asked.length - 1)
    expect(questions).toEqual(['Create', 'Command', 'Receive', 'Signal', 'Command', 'Receive', 'Signal'])
  })

  test('is heard while it speaks', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const command = await client.run('sh', { ...sh('echo first; read line; echo "then $line"'), acceptsInput: true })
    const heard: string[] = []
    for await (const { data } of command.output) {
      heard.push(data.toString())
      if (heard.length === 1) {
        await command.write('something\n')
        await command.end()
      }
    }
    expect(heard).toEqual(['first\n', 'then something\n'])
    expect((await command.exit).exitCode).toBe(0)
  })

  test.each([0, 10, 300_000, 3_000_000])('reads %i bytes of input', async (size) => {
    await using windows = await startWindows({ maxEnvelopeKilobytes: 150 })
    await using client = await connectTo(windows)
    const said = await collect(await client.run('wc', { args: ['-c'], stdin: Buffer.alloc(size) }))
    expect(said.stdout.trim()).toBe(String(size))
  })

  test('reads input that comes bit by bit', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const lines = async function* () {
      for (const line of ['a\n', 'b\n', 'ü\n']) yield line
    }
    const said = await collect(await client.run('cat', { stdin: lines() }))
    expect(said).toEqual({ exitCode: 0, stdout: 'a\nb\nü\n', stderr: '' })
  })

  test('may end without reading its input', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const said = await collect(await client.run('true', { stdin: Buffer.alloc(2_000_000) }))
    expect(said.exitCode).toBe(0)
    expect((await collect(await client.run('echo next'))).stdout).toBe('next\r\n')
  })

  test('whose input fails is ended, and the failure is the cause', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const failing = async function* () {
      yield 'half'
      throw new Error('the disk failed')
    }
    const command = await client.run('cat', { stdin: failing() })
    const error = await command.exit.catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'CancelledError', isStopped: true, cause: { message: 'the disk failed' } })
  })

  test('whose input has no end can be cancelled', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const endless = async function* () {
      for (;;) yield 'again and again\n'
    }
    const command = await client.run('cat', { stdin: endless(), timeoutMs: 300, output: 'discard' })
    await expect(command.exit).rejects.toThrow(TimeoutError)
  })

  test('whose output comes in pieces cut anywhere gives whole characters', async () => {
    await using windows = await startWindows({ pieceBytes: 3 })
    await using client = await connectTo(windows)
    const text = 'Grüße, 世界 🙂 '.repeat(200)
    expect((await collect(await client.run('cat', { stdin: text }))).stdout).toBe(text)
  })

  test('has the environment and the folder of its shell, in UTF-8', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const settings = { environment: { GREETING: 'grüß <&> "Gott"' }, workingDirectory: '/tmp' }
    const said = await collect(await client.run('sh', { ...sh('echo "$GREETING"; pwd'), ...settings }))
    expect(said.stdout).toBe('grüß <&> "Gott"\n/tmp\n')
  })

  test('beyond what Windows runs is refused before it is sent', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await expect(client.run('echo', { args: ['x'.repeat(8_200)] })).rejects.toThrow(CommandTooLongError)
    expect(windows.asked).toEqual([])
  })

  test('with a character XML cannot hold is refused rather than changed', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await expect(client.run('echo a\u0001b')).rejects.toThrow(/U\+0001/)
    expect((await collect(await client.run('echo ok'))).exitCode).toBe(0)
  })

  test('that Windows refuses to start is a fault, and the shell goes on', async () => {
    let isFirst = true
    await using windows = await startWindows({
      intercept: ({ name }) => {
        if (name !== 'Command' || !isFirst) return undefined
        isFirst = false
        return { fault: faults.fileNotFound }
      },
    })
    await using client = await connectTo(windows)
    await using shell = await client.shell()
    await expect(shell.run('missing.exe')).rejects.toThrow(RemoteFault)
    expect((await collect(await shell.run('echo on'))).stdout).toBe('on\r\n')
  })

  test('is refused while another one runs in the same shell', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await using shell = await client.shell()
    const first = await shell.run('cat', { acceptsInput: true })
    await expect(shell.run('echo second')).rejects.toThrow(WinrmError)
    await first.end()
    expect((await first.exit).exitCode).toBe(0)
  })

  test('waits when nobody reads its output, and memory stays small', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const command = await client.run('sh', sh('head -c 20000000 /dev/zero; echo done >&2'))
    const receives = () => windows.asked.filter((name) => name === 'Receive').length
    let last = -1
    await expect
      .poll(
        () => {
          const isSame = receives() === last
          last = receives()
          return isSame
        },
        { interval: 200, timeout: 30_000 },
      )
      .toBe(true)
    expect(receives()).toBeLessThan(40)
    let size = 0
    for await (const { data } of command.output) size += data.length
    expect(size).toBe(20_000_005)
  })

  test('whose output is not wanted runs to its end', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const command = await client.run('sh', { ...sh('head -c 5000000 /dev/zero; exit 4'), output: 'discard' })
    expect((await command.exit).exitCode).toBe(4)
  })
})

describe('input and faults', () => {
  test('input that Windows is too busy to take is offered again', async () => {
    let refusals = 2
    await using windows = await startWindows({
      intercept: ({ name }) => (name === 'Send' && refusals-- > 0 ? { fault: faults.busy } : undefined),
    })
    await using client = await connectTo(windows)
    expect((await collect(await client.run('cat', { stdin: 'once' }))).stdout).toBe('once')
  })

  test('silence is no fault: the question is asked again', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows, { operationTimeoutMs: 100 })
    const said = await collect(await client.run('sh', sh('sleep 0.5; echo late')))
    expect(said.stdout).toBe('late\n')
    expect(windows.asked.filter((name) => name === 'Receive').length).toBeGreaterThan(3)
  })
})

describe('shells', () => {
  test('are kept for the next command with the same settings, and only for those', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    for (const environment of [{}, {}, { A: '1' }, { A: '1' }, {}])
      await collect(await client.run('echo x', { environment }))
    expect(windows.asked.filter((name) => name === 'Create')).toHaveLength(2)
  })

  test('are one each for commands at the same time', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const say = async (word: string) => (await collect(await client.run(`echo ${word}`))).stdout.trim()
    const words = Array.from({ length: 8 }, (_, at) => `word${at}`)
    expect(await Promise.all(words.map(say))).toEqual(words)
    expect(windows.shellCount).toBeLessThanOrEqual(8)
  })

  test('are replaced before a quota bites', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows, { maxCommandsPerShell: 2 })
    for (let at = 0; at < 6; at++) await collect(await client.run('echo x'))
    await expect.poll(() => windows.asked.filter((name) => name === 'Delete')).toHaveLength(3)
    expect(windows.asked.filter((name) => name === 'Create')).toHaveLength(3)
  })

  test('are replaced when the server’s quota of operations is used up', async () => {
    await using windows = await startWindows({ maxOperations: 3 })
    await using client = await connectTo(windows)
    for (let at = 0; at < 8; at++) expect((await collect(await client.run('echo x'))).exitCode).toBe(0)
    expect(windows.shellCount).toBe(1)
  })

  test('that the server has ended meanwhile are replaced', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    await collect(await client.run('echo before'))
    await expect.poll(() => windows.asked.at(-1)).toBe('Signal')
    windows.restart()
    await expect
      .poll(async () => (await collect(await client.run('echo after')).catch(() => undefined))?.stdout)
      .toBe('after\r\n')
  })

  test('whose profile was unloaded under them are replaced', async () => {
    let commands = 0
    await using windows = await startWindows({
      intercept: ({ name }) => (name === 'Command' && ++commands === 2 ? { fault: faults.profileUnloaded } : undefined),
    })
    await using client = await connectTo(windows)
    for (const word of ['one', 'two'])
      expect((await collect(await client.run(`echo ${word}`))).stdout).toBe(`${word}\r\n`)
    expect(windows.asked.filter((name) => name === 'Create')).toHaveLength(2)
  })

  test('that are kept make room for others when the server’s quota is used up', async () => {
    await using windows = await startWindows({ maxShells: 2 })
    await using client = await connectTo(windows)
    const run = async (name: string) => (await client.run('set', { environment: { [name]: '1' } })).exit
    await Promise.all([run('ONE'), run('TWO')])
    // for both at once there is room only when each waits for what the other one gives up
    expect(await Promise.all([run('THREE'), run('FOUR')])).toEqual([{ exitCode: 0 }, { exitCode: 0 }])
    expect(windows.shellCount).toBe(2)
  })

  test('beyond the server’s quota are a QuotaError', async () => {
    await using windows = await startWindows({ maxShells: 2 })
    await using client = await connectTo(windows)
    await using _one = await client.shell()
    await using _two = await client.shell()
    await expect(client.shell()).rejects.toThrow(QuotaError)
  })

  test('fifty clients in one process do not disturb each other', async () => {
    await using windows = await startWindows({ maxShells: 100 })
    const say = async (word: string) => {
      await using client = await connectTo(windows)
      const first = await collect(await client.run(`echo ${word}`))
      const second = await collect(await client.run('cat', { stdin: first.stdout }))
      return second.stdout.trim()
    }
    const words = Array.from({ length: 50 }, (_, at) => `word${at}`)
    expect(await Promise.all(words.map(say))).toEqual(words)
    expect(windows.shellCount).toBe(0)
  })

  test('are all ended when the client is closed', async () => {
    await using windows = await startWindows()
    const client = await connectTo(windows)
    const say = async () => collect(await client.run('echo x'))
    await Promise.all([say(), say(), say()])
    await client.close()
    expect(windows.shellCount).toBe(0)
  })
})
