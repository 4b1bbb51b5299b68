import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSshWire, type SshLogin, type SshRequest, type SshWire } from '../src/index.ts'
import { collect, findProgram, sshdAvailable, startSshd, trustOnly, type Sshd } from '../testing/index.ts'

const signal = new AbortController().signal
const never: SshRequest['trust'] = async () => ({ refused: 'nothing is trusted here.' })
const somebody: SshLogin = { kind: 'password', username: 'somebody', password: 'hunter2' }

/** A TCP server on a free port that does with each connection what it is told. */
const listen = async (welcome: (socket: Socket) => void): Promise<{ port: number; server: Server }> => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    welcome(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, server }
}

describe('a target that cannot be logged in to', () => {
  const wire = createSshWire({ connectTimeoutMs: 400 })
  afterAll(() => wire.close())
  const connect = (host: string, port: number, options: Partial<SshRequest> = {}) =>
    wire.connect({ address: { host, port }, login: somebody, trust: never, signal, poolKey: 'one', ...options })

  test('has a name nobody knows', async () => {
    await expect(connect('no-such-host.invalid', 22)).rejects.toMatchObject({
      fault: 'unreachable',
      phase: 'dns',
      details: { started: false },
    })
  })

  test('refuses the connection', async () => {
    const { port, server } = await listen(() => {})
    server.close()
    await once(server, 'close')
    await expect(connect('127.0.0.1', port)).rejects.toMatchObject({
      fault: 'refused',
      phase: 'connect',
      message: expect.stringContaining(`127.0.0.1:${port} refused the connection`),
    })
  })

  test('takes the connection and says nothing', async () => {
    const { port, server } = await listen(() => {})
    await expect(connect('127.0.0.1', port)).rejects.toMatchObject({
      fault: 'timeout',
      phase: 'host_key',
      message: expect.stringContaining('said nothing'),
    })
    server.close()
  })

  test('takes the connection and closes it at once', async () => {
    const { port, server } = await listen((socket) => socket.end())
    await expect(connect('127.0.0.1', port)).rejects.toMatchObject({ fault: 'refused', phase: 'host_key' })
    server.close()
  })

  test('speaks something else', async () => {
    const { port, server } = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await expect(connect('127.0.0.1', port)).rejects.toMatchObject({ phase: 'host_key' })
    server.close()
  })

  test('is given up at once when the caller gives up', async () => {
    const { port, server } = await listen(() => {})
    const impatient = new AbortController()
    const connecting = connect('127.0.0.1', port, {
      signal: impatient.signal,
      onPhase: (phase) => phase === 'host_key' && impatient.abort(),
    })
    await expect(connecting).rejects.toMatchObject({ fault: 'cancelled', details: { started: false } })
    server.close()
  })

  test('does not hold up the others by its silence', async () => {
    const { port, server } = await listen(() => {})
    await using narrow = createSshWire({ connectTimeoutMs: 30_000, handshakesInFlight: 1 })
    const silent = new AbortController()
    const waiting = narrow.connect({
      address: { host: '127.0.0.1', port },
      login: somebody,
      trust: never,
      signal: silent.signal,
      poolKey: 'silent',
    })
    const other = await listen((socket) => socket.end())
    const second = narrow.connect({
      address: { host: '127.0.0.1', port: other.port },
      login: somebody,
      trust: never,
      signal,
      poolKey: 'other',
    })
    await expect(second).rejects.toMatchObject({ fault: 'refused' })
    silent.abort()
    await expect(waiting).rejects.toMatchObject({ fault: 'cancelled' })
    server.close()
    other.server.close()
  })

  test('has a key that does not open: said before anything is connected', async () => {
    const privateKey = 'not a key'
    await expect(
      connect('no-such-host.invalid', 22, { login: { kind: 'ssh_key', username: 'x', privateKey } }),
    ).rejects.toMatchObject({ fault: 'denied', phase: 'authentication' })
  })
})

describe.skipIf(!sshdAvailable('logging in over SSH'))('logging in over SSH', () => {
  let sshd: Sshd
  let wire: SshWire
  let folder: string
  beforeAll(async () => {
    sshd = await startSshd({ hostKeyTypes: ['ed25519', 'rsa'] })
    wire = createSshWire()
    folder = mkdtempSync(join(tmpdir(), 'opsconductor-login-'))
  })
  afterAll(async () => {
    await wire?.close()
    await sshd?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const request = (options: Partial<SshRequest> = {}): SshRequest => ({
    address: sshd.address,
    login: sshd.login,
    trust: trustOnly(sshd.hostKey()),
    signal,
    ...options,
  })
  const strangersKey = (name: string, passphrase: string): string => {
    const path = join(folder, name)
    execFileSync(findProgram('ssh-keygen') ?? '', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', path])
    return readFileSync(path, 'utf8')
  }

  test('reports the phases in their order, with their times', async () => {
    const phases: string[] = []
    await using _shell = await wire.connect({
      ...request({ onPhase: (phase, state) => phases.push(`${phase} ${state}`) }),
      poolKey: 'phases',
    })
    expect(phases).toEqual(
      ['dns', 'connect', 'host_key', 'authentication'].flatMap((phase) => [`${phase} started`, `${phase} finished`]),
    )
  })

  test('with a stranger’s key is denied, and says what would be accepted', async () => {
    const privateKey = strangersKey('stranger', '')
    const login: SshLogin = { kind: 'ssh_key', username: sshd.username, privateKey }
    await expect(wire.connect({ ...request({ login }), poolKey: 'stranger' })).rejects.toMatchObject({
      fault: 'denied',
      phase: 'authentication',
      message: expect.stringContaining('It accepts: keys'),
      details: { acceptedMethods: ['publickey'] },
    })
  })

  test('with a wrong passphrase is denied before anything is connected', async () => {
    const privateKey = strangersKey('locked', 'open sesame')
    const phases: string[] = []
    const login: SshLogin = { kind: 'ssh_key', username: sshd.username, privateKey, passphrase: 'wrong' }
    const onPhase: SshRequest['onPhase'] = (phase) => void phases.push(phase)
    await expect(wire.connect({ ...request({ login, onPhase }), poolKey: 'locked' })).rejects.toMatchObject({
      fault: 'denied',
      message: expect.stringContaining('The passphrase does not fit this key'),
    })
    expect(phases).toEqual([])
  })

  test('sends no credential to a host that is not trusted', async () => {
    await using own = await startSshd()
    const trust: SshRequest['trust'] = async () => ({ refused: 'It was not confirmed yet.', expected: 'SHA256:other' })
    await expect(
      wire.connect({ ...request({ trust, address: own.address }), poolKey: 'untrusted' }),
    ).rejects.toMatchObject({
      fault: 'untrusted',
      phase: 'host_key',
      message: expect.stringMatching(/not confirmed yet.*Expected SHA256:other/s),
      details: { offeredFingerprint: own.hostKey().fingerprint, expectedFingerprint: 'SHA256:other' },
    })
    await expect.poll(() => own.log()).toMatch(/Connection (closed|reset)/)
    expect(own.log()).not.toMatch(/publickey/)
  })

  test('asks only for the kinds of host keys that are known', async () => {
    const seen: string[] = []
    const trust: SshRequest['trust'] = async ({ algorithm }) => {
      seen.push(algorithm)
      return 'trusted'
    }
    await using _rsa = await wire.connect({ ...request({ trust, knownAlgorithms: ['ssh-rsa'] }), poolKey: 'rsa' })
    await using _any = await wire.connect({ ...request({ trust }), poolKey: 'any' })
    expect(seen).toEqual(['ssh-rsa', 'ssh-ed25519'])
    await expect(
      wire.connect({ ...request({ trust, knownAlgorithms: ['ecdsa-sha2-nistp256'] }), poolKey: 'ecdsa' }),
    ).rejects.toMatchObject({ fault: 'untrusted', phase: 'host_key' })
  })

  test('a connection test tells all phases and what runs there', async () => {
    const report = await wire.probe(request())
    expect(report.phases.map(({ phase, state }) => `${phase} ${state}`)).toEqual([
      'dns passed',
      'connect passed',
      'host_key passed',
      'authentication passed',
      'command passed',
    ])
    expect(report).toMatchObject({ hostKey: sshd.hostKey(), system: expect.stringMatching(/^\w+ \d/) })
    expect(report.error).toBeUndefined()
  })

  test('a connection test ends with the phase that failed', async () => {
    const report = await wire.probe(request({ trust: never }))
    expect(report.phases.map(({ state }) => state)).toEqual([
      'passed',
      'passed',
      'failed',
      'not_reached',
      'not_reached',
    ])
    expect(report).toMatchObject({ error: { fault: 'untrusted', phase: 'host_key' }, hostKey: sshd.hostKey() })
  })

  test('finds a changed host key out, and the connections made before do not hide it', async () => {
    await using own = await startSshd()
    const pinned = own.hostKey()
    const connect = () =>
      wire.connect({ ...request({ address: own.address, login: own.login, trust: trustOnly(pinned) }), poolKey: 'own' })
    await using first = await connect()
    expect((await collect(first, 'exit 0')).exit).toMatchObject({ exitCode: 0 })
    await own.replaceHostKey()
    await expect(connect()).rejects.toMatchObject({
      fault: 'untrusted',
      phase: 'host_key',
      details: { offeredFingerprint: own.hostKey().fingerprint, expectedFingerprint: pinned.fingerprint },
    })
  })
})
