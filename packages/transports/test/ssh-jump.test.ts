import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSshWire, type SshConnectRequest, type SshJump, type SshWire } from '../src/index.ts'
import { collect, sshdAvailable, startSshd, trustOnly, until, type Sshd } from '../testing/index.ts'

const signal = new AbortController().signal

describe.skipIf(!sshdAvailable('jump hosts'))('over jump hosts', () => {
  let first: Sshd
  let second: Sshd
  let target: Sshd
  beforeAll(async () => {
    ;[first, second, target] = await Promise.all([startSshd(), startSshd(), startSshd()])
  })
  afterAll(() => Promise.all([first, second, target].map((sshd) => sshd?.stop())))

  const jump = (sshd: Sshd, more: Partial<SshJump> = {}): SshJump => ({
    address: sshd.address,
    login: sshd.login,
    trust: trustOnly(sshd.hostKey()),
    poolKey: `jump ${sshd.port}`,
    ...more,
  })
  const request = (jumps: SshJump[], more: Partial<SshConnectRequest> = {}): SshConnectRequest => ({
    ...jump(target),
    poolKey: 'target',
    signal,
    jumps,
    ...more,
  })
  const logIns = (sshd: Sshd): number => sshd.log().match(/Accepted publickey/g)?.length ?? 0
  const fresh = (): SshWire => createSshWire({ connectTimeoutMs: 3_000 })

  test('a command runs behind a chain of two, and the target sees only the last', async () => {
    await using wire = fresh()
    await using shell = await wire.connect(request([jump(first), jump(second)]))
    expect(await collect(shell, 'echo $SSH_CONNECTION; exit 3')).toMatchObject({
      exit: { kind: 'exited', exitCode: 3 },
      stdout: expect.stringContaining(` ${target.port}\n`),
    })
    expect(wire.connections()).toBe(3)
  })

  test('ten targets share one connection to the jump host, which is kept while one of them is', async () => {
    await using wire = fresh()
    const before = logIns(first)
    const shells = await Promise.all(
      Array.from({ length: 10 }, (_, index) => wire.connect(request([jump(first)], { poolKey: `target ${index}` }))),
    )
    const runs = await Promise.all(shells.map((shell, index) => collect(shell, `echo ${index}`)))
    expect(runs.map(({ stdout }) => stdout)).toEqual(runs.map((_, index) => `${index}\n`))
    await Promise.all(shells.map((shell) => shell[Symbol.asyncDispose]()))
    await expect.poll(() => logIns(first) - before).toBe(1)
    expect(wire.connections()).toBe(11)
  })

  test('the connection to the jump host is closed when nothing goes through it any more', async () => {
    await using wire = createSshWire({ idleMs: 50 })
    await (await wire.connect(request([jump(first)])))[Symbol.asyncDispose]()
    await expect.poll(() => wire.connections()).toBe(0)
  })

  test('a jump host that dies takes along the connections that go through it, at once', async () => {
    await using dying = await startSshd()
    await using wire = createSshWire()
    await using shell = await wire.connect(request([jump(first), jump(dying)]))
    const run = collect(shell, 'echo begun; sleep 600', {
      onOutput: () => dying.dropConnections(),
    })
    expect((await run).exit).toMatchObject({ kind: 'unknown' })
    await expect.poll(() => wire.connections()).toBe(1)
    expect((await collect(shell, 'echo again')).stdout).toBe('again\n')
    await dying.stop()
    await expect.poll(() => wire.connections()).toBe(1)
    await expect(wire.connect(request([jump(first), jump(dying)]))).rejects.toMatchObject({ fault: 'refused' })
  })

  test('a jump host that is not trusted is named, and gets no credential', async () => {
    await using wire = fresh()
    const trust: SshJump['trust'] = async () => ({ refused: 'It has changed.', expected: 'SHA256:other' })
    const before = logIns(second)
    await expect(wire.connect(request([jump(first), jump(second, { trust })]))).rejects.toMatchObject({
      fault: 'untrusted',
      phase: 'connect',
      message: expect.stringMatching(`jump host 127.0.0.1:${second.port}: .*It has changed`),
      details: {
        jumpHost: `127.0.0.1:${second.port}`,
        jumpPhase: 'host_key',
        offeredFingerprint: second.hostKey().fingerprint,
        started: false,
      },
    })
    expect(logIns(second)).toBe(before)
  })

  test('a jump host that loses its trust loses what goes through it', async () => {
    await using wire = fresh()
    await (await wire.connect(request([jump(first)])))[Symbol.asyncDispose]()
    const trust: SshJump['trust'] = async () => ({ refused: 'Somebody withdrew it.' })
    await expect(wire.connect(request([jump(first, { trust })]))).rejects.toMatchObject({
      fault: 'untrusted',
      details: { jumpHost: `127.0.0.1:${first.port}` },
    })
    await until(() => wire.connections() <= 1)
  })

  test('the target’s own key is checked behind the jump host too', async () => {
    await using wire = fresh()
    const trust: SshJump['trust'] = async () => ({ refused: 'It has changed.' })
    await expect(wire.connect(request([jump(first)], { trust }))).rejects.toMatchObject({
      fault: 'untrusted',
      phase: 'host_key',
      details: { port: target.port },
    })
  })

  test('a jump host that denies the log-in is named', async () => {
    await using wire = fresh()
    const login = { ...first.login, username: 'nobody-here' }
    await expect(wire.connect(request([jump(first, { login })]))).rejects.toMatchObject({
      fault: 'denied',
      details: { jumpHost: `127.0.0.1:${first.port}`, jumpPhase: 'authentication' },
    })
  })

  test('a target that the jump host cannot reach is said to be so', async () => {
    await using wire = fresh()
    const closed = { host: '127.0.0.1', port: 1 }
    await expect(wire.connect(request([jump(first)], { address: closed }))).rejects.toMatchObject({
      fault: 'refused',
      phase: 'connect',
      message: expect.stringContaining(`from the jump host 127.0.0.1:${first.port}`),
    })
    const unknown = { host: 'no-such-host.invalid', port: 22 }
    await expect(wire.connect(request([jump(first)], { address: unknown }))).rejects.toMatchObject({
      fault: 'unreachable',
      details: { jumpHost: `127.0.0.1:${first.port}` },
    })
  })

  test('a jump host that allows no forwarding says so', async () => {
    await using closed = await startSshd({ settings: { AllowTcpForwarding: 'no' } })
    await using wire = fresh()
    await expect(wire.connect(request([jump(closed)]))).rejects.toMatchObject({
      fault: 'refused',
      message: expect.stringContaining('AllowTcpForwarding'),
    })
  })

  test('a jump host that dies leaves the outcome unknown, and the next command goes over a new one', async () => {
    await using own = await startSshd()
    await using wire = fresh()
    await using shell = await wire.connect(request([jump(own)]))
    let group = 0
    const run = collect(shell, 'echo begun; sleep 5', { onStarted: (processGroup) => (group = processGroup) })
    await until(() => group > 0)
    own.dropConnections()
    expect((await run).exit).toMatchObject({ kind: 'unknown', processGroup: group })
    await shell.signal(group, 'KILL')
    expect((await collect(shell, 'exit 4')).exit).toEqual({ kind: 'exited', exitCode: 4 })
  })

  test('a connection test tells the phases of the target', async () => {
    await using wire = fresh()
    const report = await wire.probe(request([jump(first), jump(second)]))
    expect(report.phases.map(({ state }) => state)).toEqual(Array(5).fill('passed'))
    const failed = await wire.probe(request([jump(first, { trust: async () => ({ refused: 'No.' }) })]))
    expect(failed.phases.map(({ state }) => state)).toEqual([
      'not_reached',
      'failed',
      'not_reached',
      'not_reached',
      'not_reached',
    ])
  })
})
