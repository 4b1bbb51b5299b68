import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { TransportError, type Shell, type ShellExit } from '../src/index.ts'
import { collect, until } from './collect.ts'

/** A wire to one machine with a POSIX shell, as the checks need it. */
export interface WireUnderTest extends AsyncDisposable {
  /** A shell over the wire; several may be asked for. */
  connect(signal?: AbortSignal): Promise<Shell>
  /** Breaks the connections off, commands left running. Absent where there is no connection to break. */
  cut?: () => void
  /** Requests that must fail, with the fault each must fail with. */
  faulty?: { name: string; connect: () => Promise<Shell>; fault: string }[]
}

/** Called anew for each check. */
export type StartWire = () => Promise<WireUnderTest>

/** Failing means throwing. */
export type WireCheck = { name: string; check: (start: StartWire) => Promise<void> }

const exited = (exitCode: number): ShellExit => ({ kind: 'exited', exitCode })

const withShell =
  (use: (shell: Shell, wire: WireUnderTest) => Promise<void>) =>
  async (start: StartWire): Promise<void> => {
    await using wire = await start()
    await using shell = await wire.connect()
    await use(shell, wire)
  }

/** Keeps only how much came on standard output, and its hash. */
const digest = async (
  shell: Shell,
  script: string,
  each: (received: number) => void | Promise<void> = () => {},
): Promise<{ exit: ShellExit; sizeBytes: number; sha256: string }> => {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const exit = await shell.run({
    script,
    signal: new AbortController().signal,
    onOutput: (stream, bytes) => {
      if (stream === 'stderr') return undefined
      hash.update(bytes)
      sizeBytes += bytes.length
      return each(sizeBytes)
    },
  })
  return { exit, sizeBytes, sha256: hash.digest('hex') }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const inPieces = async function* (bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** What every wire to a POSIX shell does alike. */
export const posixWireChecks: readonly WireCheck[] = [
  {
    name: 'commands exit with their own codes',
    check: withShell(async (shell) => {
      for (const code of [0, 1, 3, 126, 255])
        assert.deepEqual((await collect(shell, `exit ${code}`)).exit, exited(code))
    }),
  },
  {
    name: 'each output comes by itself and in order',
    check: withShell(async (shell) => {
      const run = await collect(shell, 'for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf "no end"')
      assert.equal(run.stdout, 'out 1\nout 2\nout 3\nno end')
      assert.equal(run.stderr, 'err 1\nerr 2\nerr 3\n')
    }),
  },
  {
    name: 'a script arrives as it was written, however long and whatever is in it',
    check: withShell(async (shell) => {
      const text = `it's "quoted" $(id) \`id\` \\ ! é✓😀\n${'x'.repeat(70)}'\n`.repeat(10_000)
      const run = await collect(shell, `cat <<'END'\n${text}END\nexit 4`)
      assert.deepEqual(run.exit, exited(4))
      assert.ok(run.stdout === text)
    }),
  },
  {
    name: 'bytes that are no text come through untouched',
    check: withShell(async (shell) => {
      const bytes = randomBytes(300_000)
      const lines = bytes.toString('base64').replace(/.{76}/g, '$&\n')
      assert.equal((await digest(shell, `base64 -d <<'END'\n${lines}\nEND`)).sha256, sha256(bytes))
    }),
  },
  {
    name: 'what a command is given to read arrives byte for byte',
    check: withShell(async (shell) => {
      const bytes = randomBytes(5_000_000)
      const run = await collect(shell, 'cksum; exit 6', { input: inPieces(bytes, 300_001) })
      assert.deepEqual(run.exit, exited(6))
      assert.match(run.stdout, / 5000000\n$/)
      const kept: Uint8Array[] = []
      const echo = inPieces(bytes, bytes.length)
      await collect(shell, 'cat', { input: echo, onOutput: (_stream, chunk) => void kept.push(chunk) })
      assert.equal(sha256(Buffer.concat(kept)), sha256(bytes))
    }),
  },
  {
    name: 'a command that is given nothing to read reads nothing',
    check: withShell(async (shell) => assert.equal((await collect(shell, 'cat; echo end')).stdout, 'end\n')),
  },
  {
    name: '30 MB of output are complete',
    check: withShell(async (shell) => {
      const size = 30_000_000
      const run = await digest(shell, `head -c ${size} /dev/zero`)
      assert.deepEqual(run, { exit: exited(0), sizeBytes: size, sha256: sha256(Buffer.alloc(size)) })
    }),
  },
  {
    name: 'output that is not taken makes the command wait, and other commands go on',
    check: withShell(async (shell) => {
      const gate = Promise.withResolvers<void>()
      let heldAt = 0
      const run = digest(shell, 'head -c 40000000 /dev/zero', (received) => {
        if (heldAt > 0) return undefined
        heldAt = received
        return gate.promise
      })
      await until(() => heldAt > 0)
      const before = process.memoryUsage().arrayBuffers
      for (let round = 0; round < 5; round++) assert.equal((await collect(shell, 'echo on')).stdout, 'on\n')
      assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000)
      gate.resolve()
      assert.equal((await run).sizeBytes, 40_000_000)
    }),
  },
  {
    name: 'a command that is killed says by what',
    check: withShell(async (shell) => {
      for (const signal of ['KILL', 'TERM', 'USR1'])
        assert.deepEqual((await collect(shell, `kill -${signal} $$; sleep 5`)).exit, { kind: 'signalled', signal })
    }),
  },
  {
    name: 'a command ends although what it left behind holds its output open',
    check: withShell(async (shell) => {
      const run = await collect(shell, 'sleep 600 & exit 5')
      assert.deepEqual(run.exit, { kind: 'exited', exitCode: 5, isOutputHeldOpen: true })
      await shell.signal(run.processGroup ?? 0, 'KILL')
    }),
  },
  {
    name: 'a cancel ends the whole tree, also what ignores TERM and what made groups of its own',
    check: withShell(async (shell) => {
      const cancel = new AbortController()
      const run = await collect(
        shell,
        'timeout 600 sleep 601 & (trap "" TERM; (sleep 602; sleep 603)) & echo ready; wait',
        { signal: cancel.signal, killGraceMs: 300, onOutput: () => cancel.abort() },
      )
      assert.deepEqual(run.exit, { kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] })
      assert.deepEqual(await shell.alive(run.processGroup ?? 0), [])
    }),
  },
  {
    name: 'a command whose time is over is stopped',
    check: withShell(async (shell) => {
      const { exit } = await collect(shell, 'sleep 600', { timeoutMs: 200 })
      assert.deepEqual(exit, { kind: 'stopped', because: 'timeout', outcome: 'stopped', pids: [] })
    }),
  },
  {
    name: 'a command that was cancelled before it began does not begin',
    check: withShell(async (shell) => {
      const run = await collect(shell, 'echo it ran', { signal: AbortSignal.abort() })
      assert.deepEqual([run.exit.kind, run.stdout], ['stopped', ''])
    }),
  },
  {
    name: '20 commands at a time keep their outputs and codes apart',
    check: withShell(async (shell) => {
      const runs = await Promise.all(
        Array.from({ length: 20 }, (_, index) => collect(shell, `sleep 0.05; echo ${index}; exit ${index}`)),
      )
      for (const [index, run] of runs.entries()) assert.deepEqual([run.stdout, run.exit], [`${index}\n`, exited(index)])
    }),
  },
  {
    name: 'a cut while a command runs leaves its outcome unknown, and the command is found again',
    check: withShell(async (shell, wire) => {
      if (wire.cut === undefined) return
      let group = 0
      const run = collect(shell, 'echo begun; sleep 5; exit 0', { onStarted: (found) => (group = found) })
      await until(() => group > 0)
      wire.cut()
      const { exit } = await run
      assert.ok(exit.kind === 'unknown' && exit.processGroup === group && exit.reason.length > 5, JSON.stringify(exit))
      assert.ok((await shell.alive(group)).length > 0)
      await shell.signal(group, 'KILL')
      await until(async () => (await shell.alive(group)).length === 0)
    }),
  },
  {
    name: 'a connection that died unused is made anew without anybody noticing',
    check: withShell(async (shell, wire) => {
      await collect(shell, 'true')
      wire.cut?.()
      assert.deepEqual((await collect(shell, 'exit 4')).exit, exited(4))
    }),
  },
  {
    name: 'a machine that cannot be reached says why, by its fault, and that nothing was started',
    check: async (start) => {
      await using wire = await start()
      for (const { name, connect, fault } of wire.faulty ?? [])
        await assert.rejects(connect, (error: unknown) => {
          assert.ok(error instanceof TransportError, `${name}: ${String(error)}`)
          assert.deepEqual([name, error.fault, error.details.started], [name, fault, false], error.message)
          return true
        })
      await assert.rejects(
        () => wire.connect(AbortSignal.abort()),
        (error: unknown) => error instanceof TransportError && error.fault === 'cancelled',
      )
    },
  },
]
