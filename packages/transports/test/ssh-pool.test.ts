import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSshWire, type SshRequest, type SshWire, type SshWireOptions } from '../src/index.ts'
import { collect, sshdAvailable, startSshd, trustOnly, until, type Sshd, type SshdOptions } from '../testing/index.ts'

const signal = new AbortController().signal

describe.skipIf(!sshdAvailable('keeping SSH connections'))('connections are kept', () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd?.stop())

  const requestTo = (server: Sshd, poolKey = 'one'): SshRequest & { poolKey: string } => ({
    address: server.address,
    login: server.login,
    trust: trustOnly(server.hostKey()),
    signal,
    poolKey,
  })
  const logIns = (server: Sshd): number => server.log().match(/Accepted publickey/g)?.length ?? 0
  const withWire = async (
    options: SshWireOptions,
    use: (wire: SshWire, server: Sshd) => Promise<void>,
    settings?: SshdOptions['settings'],
  ): Promise<void> => {
    await using own = await startSshd(settings === undefined ? {} : { settings })
    await using wire = createSshWire(options)
    await use(wire, own)
  }

  test('a second command, and a second borrower, make no new connection', () =>
    withWire({}, async (wire, own) => {
      for (let round = 0; round < 3; round++) {
        await using shell = await wire.connect(requestTo(own))
        expect((await collect(shell, 'echo hello')).stdout).toBe('hello\n')
      }
      await expect.poll(() => logIns(own)).toBe(1)
      expect(wire.connections()).toBe(1)
    }))

  test('ten who ask at the same time share one log-in', () =>
    withWire({}, async (wire, own) => {
      const shells = await Promise.all(Array.from({ length: 10 }, () => wire.connect(requestTo(own))))
      await Promise.all(shells.map((shell) => shell[Symbol.asyncDispose]()))
      await expect.poll(() => logIns(own)).toBe(1)
    }))

  test('one of them giving up does not disturb the others', () =>
    withWire({}, async (wire, own) => {
      const impatient = new AbortController()
      const first = wire.connect({ ...requestTo(own), signal: impatient.signal })
      const second = wire.connect(requestTo(own))
      impatient.abort()
      await expect(first).rejects.toMatchObject({ fault: 'cancelled' })
      await using shell = await second
      expect((await collect(shell, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
    }))

  test('another credential version or another login gets a connection of its own', () =>
    withWire({}, async (wire, own) => {
      await using _one = await wire.connect(requestTo(own, 'version 1'))
      await using _two = await wire.connect(requestTo(own, 'version 2'))
      await expect.poll(() => logIns(own)).toBe(2)
      const stranger = {
        ...requestTo(own, 'version 1'),
        login: { kind: 'password', username: own.username, password: 'x' } as const,
      }
      await expect(wire.connect(stranger)).rejects.toMatchObject({ fault: 'denied' })
    }))

  test('an unused connection is closed after its time', () =>
    withWire({ idleMs: 50 }, async (wire, own) => {
      await (await wire.connect(requestTo(own)))[Symbol.asyncDispose]()
      await expect(until(() => wire.connections() === 0)).resolves.toBeUndefined()
    }))

  test('a lent connection is not', () =>
    withWire({ idleMs: 20 }, async (wire, own) => {
      await using shell = await wire.connect(requestTo(own))
      await collect(shell, 'sleep 0.1')
      await collect(shell, 'sleep 0.1')
      await expect.poll(() => logIns(own)).toBe(1)
    }))

  test('beyond the cap the longest unused is closed', () =>
    withWire({ maxConnections: 2 }, async (wire, own) => {
      for (const name of ['a', 'b', 'c']) await (await wire.connect(requestTo(own, name)))[Symbol.asyncDispose]()
      expect(wire.connections()).toBe(2)
      await (await wire.connect(requestTo(own, 'b')))[Symbol.asyncDispose]()
      await expect.poll(() => logIns(own)).toBe(3)
      await (await wire.connect(requestTo(own, 'a')))[Symbol.asyncDispose]()
      await expect.poll(() => logIns(own)).toBe(4)
    }))

  test('a key that is trusted no more loses its connection', () =>
    withWire({}, async (wire, own) => {
      await (await wire.connect(requestTo(own)))[Symbol.asyncDispose]()
      const trust: SshRequest['trust'] = async () => ({ refused: 'Somebody withdrew it.' })
      await expect(wire.connect({ ...requestTo(own), trust })).rejects.toMatchObject({ fault: 'untrusted' })
      await until(() => wire.connections() === 0)
    }))

  test('20 commands at once run on one target, over two connections', () =>
    withWire({}, async (wire, own) => {
      await using shell = await wire.connect(requestTo(own))
      const runs = await Promise.all(
        Array.from({ length: 20 }, (_, index) => collect(shell, `sleep 0.1; echo ${index}; exit ${index}`)),
      )
      expect(runs.map(({ stdout, exit }) => [stdout, exit])).toEqual(
        runs.map((_, index) => [`${index}\n`, { kind: 'exited', exitCode: index }]),
      )
      await expect.poll(() => logIns(own)).toBe(2)
    }))

  test.each([1, 2, 5])('a server with MaxSessions %i is not asked for more than it gives', (most) =>
    withWire(
      {},
      async (wire, own) => {
        await using shell = await wire.connect(requestTo(own))
        const runs = await Promise.all(Array.from({ length: 20 }, (_, index) => collect(shell, `exit ${index}`)))
        expect(runs.map(({ exit }) => exit)).toEqual(runs.map((_, exitCode) => ({ kind: 'exited', exitCode })))
        expect((await collect(shell, 'sleep 600', { timeoutMs: 100 })).exit).toMatchObject({ outcome: 'stopped' })
      },
      { MaxSessions: String(most) },
    ),
  )

  test('a server that gives no session at all says so', () =>
    withWire(
      {},
      async (wire, own) => {
        await using shell = await wire.connect(requestTo(own))
        await expect(collect(shell, 'true')).rejects.toMatchObject({
          fault: 'refused',
          phase: 'command',
          details: { started: false },
        })
      },
      { MaxSessions: '0' },
    ))

  test('a connection cut while a command runs leaves its outcome unknown', () =>
    withWire({}, async (wire, own) => {
      await using shell = await wire.connect(requestTo(own))
      let group = 0
      const run = collect(shell, 'echo begun; sleep 5; exit 0', { onStarted: (processGroup) => (group = processGroup) })
      await until(() => group > 0)
      own.dropConnections()
      expect((await run).exit).toEqual({ kind: 'unknown', reason: expect.any(String), processGroup: group })
      // the same shell goes on over a new connection, and can look after what it lost
      await shell.signal(group, 'KILL')
      expect(await shell.alive(group)).toEqual([])
    }))

  test('a connection that died unused is replaced without anybody noticing', () =>
    withWire({}, async (wire, own) => {
      await using shell = await wire.connect(requestTo(own))
      await collect(shell, 'true')
      own.dropConnections()
      expect((await collect(shell, 'exit 4')).exit).toEqual({ kind: 'exited', exitCode: 4 })
      await expect.poll(() => logIns(own)).toBe(2)
    }))

  test('closing the wire ends everything, and nothing starts after it', () =>
    withWire({}, async (wire, own) => {
      const shell = await wire.connect(requestTo(own))
      let isStarted = false
      const run = collect(shell, 'sleep 2', { onStarted: () => (isStarted = true) })
      await until(() => isStarted)
      await wire.close()
      expect((await run).exit).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('stopping') })
      await expect(wire.connect(requestTo(own))).rejects.toMatchObject({ fault: 'cancelled' })
      await expect(collect(shell, 'echo it ran')).rejects.toMatchObject({ details: { started: false } })
    }))
})
