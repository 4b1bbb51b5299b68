import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSshWire, type Shell, type SshWire } from '../src/index.ts'
import { collect, sshdAvailable, startSshd, trustOnly, until, type Sshd } from '../testing/index.ts'

const signal = new AbortController().signal

describe.skipIf(!sshdAvailable('cancelling over SSH'))('stopping a command over SSH', () => {
  let sshd: Sshd
  let wire: SshWire
  const connect = (poolKey = 'one'): Promise<Shell> =>
    wire.connect({
      address: sshd.address,
      login: sshd.login,
      trust: trustOnly(sshd.hostKey()),
      signal,
      poolKey,
    })
  beforeAll(async () => {
    sshd = await startSshd()
    wire = createSshWire()
  })
  afterAll(async () => {
    await wire?.close()
    await sshd?.stop()
  })

  test('ends the whole tree, also what ignores TERM and what made groups of its own', async () => {
    await using shell = await connect()
    const cancel = new AbortController()
    let group = 0
    const run = await collect(
      shell,
      'timeout 600 sleep 601 & (trap "" TERM; sleep 602; sleep 603) & echo ready; wait',
      {
        signal: cancel.signal,
        killGraceMs: 300,
        onStarted: (processGroup) => (group = processGroup),
        onOutput: () => cancel.abort(),
      },
    )
    expect(run.exit).toEqual({ kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] })
    expect(await shell.alive(group)).toEqual([])
  })

  test('lets it clean up when it heeds TERM', async () => {
    await using shell = await connect()
    const cancel = new AbortController()
    const run = await collect(shell, 'trap "echo cleaned up; exit 0" TERM; echo ready; while :; do sleep 0.05; done', {
      signal: cancel.signal,
      onOutput: () => cancel.abort(),
    })
    expect(run).toMatchObject({ exit: { kind: 'stopped', outcome: 'stopped' }, stdout: 'ready\ncleaned up\n' })
  })

  test('happens by itself when its time is over', async () => {
    await using shell = await connect()
    expect((await collect(shell, 'sleep 600', { timeoutMs: 200 })).exit).toEqual({
      kind: 'stopped',
      because: 'timeout',
      outcome: 'stopped',
      pids: [],
    })
  })

  test('works while all channels are in use', async () => {
    await using shell = await connect('busy')
    const cancel = new AbortController()
    let started = 0
    const runs = Array.from({ length: 20 }, () =>
      collect(shell, 'sleep 600', { signal: cancel.signal, onStarted: () => void started++ }),
    )
    await until(() => started === 16)
    cancel.abort()
    const exits = (await Promise.all(runs)).map(({ exit }) => exit)
    expect(exits).toEqual(exits.map(() => ({ kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] })))
    expect(started).toBe(16)
  })

  test('works right after the start, before the target has said anything', async () => {
    await using shell = await connect()
    for (let delay = 0; delay < 6; delay++) {
      const cancel = new AbortController()
      const run = collect(shell, 'sleep 600', { signal: cancel.signal })
      for (let turn = 0; turn < delay; turn++) await new Promise(setImmediate)
      cancel.abort()
      expect((await run).exit).toMatchObject({ kind: 'stopped', outcome: 'stopped' })
    }
  })

  test('a group can be looked at and signalled by someone who did not start it', async () => {
    await using one = await connect()
    await using other = await connect('another')
    let group = 0
    const run = collect(one, 'sleep 600', { onStarted: (processGroup) => (group = processGroup) })
    await until(() => group > 0)
    expect(await other.alive(group)).toContain(group)
    await other.signal(group, 'TERM')
    expect((await run).exit).toEqual({ kind: 'signalled', signal: 'TERM' })
    expect(await other.alive(group)).toEqual([])
  })
})

describe.skipIf(!sshdAvailable('unusual servers'))('a server that starts commands in a group of its own', () => {
  test('is found out once, and commands get a group nevertheless', async () => {
    await using sshd = await startSshd({ settings: { ForceCommand: '/bin/sh -c "$SSH_ORIGINAL_COMMAND"; exit $?' } })
    await using wire = createSshWire()
    const { address, login } = sshd
    await using shell = await wire.connect({ address, login, trust: trustOnly(sshd.hostKey()), signal, poolKey: 'one' })
    const run = await collect(shell, 'ps -o pgid= -p $$; exit 6')
    expect(run.exit).toEqual({ kind: 'exited', exitCode: 6 })
    expect(Number(run.stdout)).toBe(run.processGroup)
    expect((await collect(shell, 'sleep 600', { timeoutMs: 100 })).exit).toMatchObject({ outcome: 'stopped' })
  })

  test('is said to start nothing when it runs something else', async () => {
    await using sshd = await startSshd({
      settings: { ForceCommand: 'echo This account is currently not available.; exit 1' },
    })
    await using wire = createSshWire()
    const { address, login } = sshd
    await using shell = await wire.connect({ address, login, trust: trustOnly(sshd.hostKey()), signal, poolKey: 'one' })
    await expect(collect(shell, 'echo it ran')).rejects.toMatchObject({
      fault: 'protocol',
      phase: 'command',
      details: { started: false, said: 'This account is currently not available.' },
      message: expect.stringContaining('did not start the command'),
    })
  })
})
