import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSshWire, type Shell, type SshWire } from '../src/index.ts'
import { collect, sshdAvailable, startSshd, trustOnly, until, type Sshd } from '../testing/index.ts'

const signal = new AbortController().signal

describe.skipIf(!sshdAvailable('commands over SSH'))('a command over SSH', () => {
  let sshd: Sshd
  let wire: SshWire
  let shell: Shell
  beforeAll(async () => {
    sshd = await startSshd({ settings: { RekeyLimit: '8M' } })
    wire = createSshWire({ lingerMs: 300 })
    const { address, login } = sshd
    shell = await wire.connect({ address, login, trust: trustOnly(sshd.hostKey()), signal, poolKey: 'one' })
  })
  afterAll(async () => {
    await shell?.[Symbol.asyncDispose]()
    await wire?.close()
    await sshd?.stop()
  })

  test.each([0, 1, 3, 126, 255])('exits with its own code: %i', async (exitCode) => {
    expect((await collect(shell, `exit ${exitCode}`)).exit).toEqual({ kind: 'exited', exitCode })
  })

  test('gives each stream by itself and in order', async () => {
    const run = await collect(shell, 'for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf "no end"')
    expect(run).toMatchObject({ stdout: 'out 1\nout 2\nout 3\nno end', stderr: 'err 1\nerr 2\nerr 3\n' })
  })

  test('that is killed says by what', async () => {
    expect((await collect(shell, 'kill -9 $$')).exit).toEqual({ kind: 'signalled', signal: 'KILL' })
  })

  test('that closes its output early is waited for', async () => {
    expect((await collect(shell, 'exec >/dev/null 2>&1; sleep 0.3; exit 3')).exit).toEqual({
      kind: 'exited',
      exitCode: 3,
    })
  })

  test('ends although what it left behind keeps its output open', async () => {
    const run = await collect(shell, 'sleep 600 & exit 5')
    expect(run.exit).toEqual({ kind: 'exited', exitCode: 5, isOutputHeldOpen: true })
    await shell.signal(run.processGroup ?? 0, 'KILL')
  })

  test('leads the process group that it reports', async () => {
    const run = await collect(shell, 'ps -o pgid= -p $$')
    expect(Number(run.stdout)).toBe(run.processGroup)
  })

  test('reads nothing from its standard input', async () => {
    expect(await collect(shell, 'cat; echo end')).toMatchObject({ stdout: 'end\n' })
  })

  test('arrives as it was written: quotes, dollars, unicode, newlines, megabytes', async () => {
    const text = `it's "quoted" $(id) \`id\` \\ ! é✓😀\n${'x'.repeat(70)}'\n`.repeat(30_000)
    const run = await collect(shell, `cat <<'END'\n${text}END\nexit 4`)
    expect(run.exit).toEqual({ kind: 'exited', exitCode: 4 })
    expect(run.stdout === text).toBe(true)
  })

  test('is read by the interpreter it asks for', async () => {
    const script = `import sys\nprint("it's \\"python\\" é", repr(sys.stdin.read()))\nsys.exit(3)`
    const run = await collect(shell, script, { interpreter: 'python3 -u' })
    expect(run).toMatchObject({ exit: { kind: 'exited', exitCode: 3 }, stdout: `it's "python" é ''\n`, stderr: '' })
  })

  test('with an interpreter that is not there ends with 127 and says so', async () => {
    const run = await collect(shell, 'print 1', { interpreter: 'no-such-language' })
    expect(run).toMatchObject({ exit: { kind: 'exited', exitCode: 127 }, stderr: expect.stringContaining('not found') })
  })

  test('with a NUL in it is refused before anything runs', async () => {
    await expect(collect(shell, 'echo \0')).rejects.toMatchObject({ fault: 'protocol', details: { started: false } })
  })

  test('may write bytes that are no text, and they come through untouched', async () => {
    const bytes = randomBytes(300_000)
    const received: Uint8Array[] = []
    const run = await collect(shell, `base64 -d <<'END'\n${bytes.toString('base64').replace(/.{76}/g, '$&\n')}\nEND`, {
      onOutput: (_stream, chunk) => void received.push(chunk),
    })
    expect(run.exit).toEqual({ kind: 'exited', exitCode: 0 })
    expect(Buffer.concat(received).equals(bytes)).toBe(true)
  })

  test('may write one line of 10 MB', async () => {
    const run = await collect(shell, 'head -c 10000000 /dev/zero | tr "\\0" x; echo')
    expect(run.stdout.length).toBe(10_000_001)
  })

  test('may write 100 MB, through several changes of the session keys', async () => {
    let sizeBytes = 0
    const hash = createHash('sha256')
    await collectNothing('head -c 100000000 /dev/zero', (chunk) => {
      sizeBytes += chunk.length
      hash.update(chunk)
    })
    expect(sizeBytes).toBe(100_000_000)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(Buffer.alloc(100_000_000)).digest('hex'))
  })

  test('waits when its output is not taken, and memory stays bounded', async () => {
    const gate = Promise.withResolvers<void>()
    let receivedBytes = 0
    let wasHeld = false
    // the script says on standard error how far dd has come
    const run = collectNothing('dd if=/dev/zero bs=65536 count=1600 2>/dev/null', (chunk) => {
      receivedBytes += chunk.length
      if (wasHeld) return undefined
      wasHeld = true
      return gate.promise
    })
    await until(() => wasHeld)
    // a second command on the same connection is not held up by the first
    const { stdout } = await collect(
      shell,
      'for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = dd ] && cat $p/wchan $p/syscall; done; echo seen',
    )
    expect(stdout).toContain('seen')
    const heldBytes = receivedBytes
    const before = process.memoryUsage().arrayBuffers
    await until(async () => (await writtenByDd()) > 0)
    const first = await writtenByDd()
    await collect(shell, 'sleep 0.2')
    expect(await writtenByDd()).toBe(first) // it stands still
    expect(first).toBeLessThan(12_000_000)
    expect(receivedBytes).toBe(heldBytes)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
    gate.resolve()
    await run
    expect(receivedBytes).toBe(1600 * 65_536)
  })

  test('has its script in no argument list and in no environment, on either side', async () => {
    const secret = `secret-${randomBytes(8).toString('hex')}`
    let found: string[] = []
    const run = await collect(shell, `word='${secret}'\necho ready\nsleep 0.3 # ${secret}\necho "$word"`, {
      onOutput: (_stream, bytes) => {
        if (Buffer.from(bytes).toString().startsWith('ready')) found = processesMentioning(secret)
      },
    })
    expect(run.stdout).toBe(`ready\n${secret}\n`)
    expect(found).toEqual([])
    const withInterpreter = await collect(
      shell,
      `print("ready", flush=True)\nimport time; time.sleep(0.3) # ${secret}`,
      {
        interpreter: 'python3',
        onOutput: () => void (found = processesMentioning(secret)),
      },
    )
    expect(withInterpreter.exit).toEqual({ kind: 'exited', exitCode: 0 })
    expect(found).toEqual([])
  })

  const collectNothing = (script: string, take: (chunk: Uint8Array) => void | Promise<void>) =>
    shell.run({ script, signal, onOutput: (stream, chunk) => (stream === 'stdout' ? take(chunk) : undefined) })

  /** How much the dd of the test has written, as the kernel counts it. */
  const writtenByDd = async (): Promise<number> => {
    const { stdout } = await collect(
      shell,
      'for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = dd ] && grep wchar $p/io; done',
    )
    return Number(/wchar: (\d+)/.exec(stdout)?.[1] ?? 0)
  }
})

/** Names of the /proc files of other processes in which `secret` can be read. */
const processesMentioning = (secret: string): string[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
    .filter((path) => {
      try {
        return readFileSync(path, 'latin1').includes(secret)
      } catch {
        return false // ended in between
      }
    })
