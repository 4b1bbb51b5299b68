import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type AuthContext } from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSshWire, type SshConnectRequest, type SshLogin, type SshWireOptions } from '../src/index.ts'
import {
  collect,
  listProcesses,
  signCertificate,
  sshdAvailable,
  startAgent,
  startSshd,
  trustOnly,
  until,
  type Sshd,
} from '../testing/index.ts'

const signal = new AbortController().signal
// so that masters are found that are ours
const ourFolder = mkdtempSync(join(tmpdir(), 'oc-'))
afterAll(() => rmSync(ourFolder, { recursive: true, force: true }))

const newWire = (more: SshWireOptions['openssh'] = {}) =>
  createSshWire({ connectTimeoutMs: 5_000, lingerMs: 300, openssh: { configFile: 'none', folder: ourFolder, ...more } })

const requestTo = (sshd: Sshd, more: Partial<SshConnectRequest> = {}): SshConnectRequest => ({
  address: sshd.address,
  login: sshd.login,
  trust: trustOnly(sshd.hostKey()),
  poolKey: 'one',
  client: 'openssh',
  signal,
  ...more,
})

const masters = () => listProcesses().filter(({ pid, name }) => name === 'ssh' && commandLine(pid).includes(ourFolder))
const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return '' // ended in between
  }
}

describe.skipIf(!sshdAvailable('OpenSSH as the client'))('OpenSSH as the client', () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd?.stop())

  test('reports the phases in their order', async () => {
    await using wire = newWire()
    const phases: string[] = []
    await using _shell = await wire.connect(
      requestTo(sshd, { onPhase: (phase, state) => phases.push(`${phase} ${state}`) }),
    )
    expect(phases).toEqual(
      ['dns', 'connect', 'host_key', 'authentication'].flatMap((phase) => [`${phase} started`, `${phase} finished`]),
    )
    const { hostKey, phases: probed } = await wire.probe(requestTo(sshd))
    expect(hostKey).toEqual(sshd.hostKey())
    expect(probed.map(({ state }) => state)).toEqual(Array(5).fill('passed'))
  })

  test('sends nothing of the log-in to a host that is not trusted', async () => {
    await using own = await startSshd()
    await using wire = newWire()
    const trust = async () => ({ refused: 'It was not confirmed yet.', expected: 'SHA256:other' })
    await expect(wire.connect(requestTo(own, { trust }))).rejects.toMatchObject({
      fault: 'untrusted',
      phase: 'host_key',
      details: { offeredFingerprint: own.hostKey().fingerprint, expectedFingerprint: 'SHA256:other' },
    })
    await expect.poll(() => own.log()).toMatch(/Connection (closed|reset)/)
    expect(own.log()).not.toMatch(/publickey|Accepted|Failed|user /)
  })

  test('asks trust anew when an open connection is lent again', async () => {
    await using wire = newWire()
    await (await wire.connect(requestTo(sshd)))[Symbol.asyncDispose]()
    const trust = async () => ({ refused: 'Somebody withdrew it.' })
    await expect(wire.connect(requestTo(sshd, { trust }))).rejects.toMatchObject({ fault: 'untrusted' })
    await expect.poll(() => wire.connections()).toBe(0)
  })

  test.each(['rsa', 'ecdsa', 'ed25519'] as const)(
    'logs in with a %s key, which is in no file and no argument',
    async (type) => {
      await using own = await startSshd({ userKeyType: type, settings: { PubkeyAcceptedAlgorithms: '-ssh-rsa' } })
      await using wire = newWire()
      await using shell = await wire.connect(requestTo(own))
      expect((await collect(shell, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
      const secretLine = own.privateKey.split('\n')[3] ?? ''
      expect(
        masters()
          .map(({ pid }) => commandLine(pid))
          .join(),
      ).not.toContain(secretLine)
      const folder = /-S (\S+)\/\d+\.c/.exec(commandLine(masters()[0]?.pid ?? 0))?.[1] ?? ''
      expect(readdirSync(folder).sort()).toEqual(['1.c', 'askpass', 'note-key'])
    },
  )

  test('logs in with a certificate, and without it not', async () => {
    const { authority, certificate, privateKey } = signCertificate(sshd.username)
    const folder = mkdtempSync(join(tmpdir(), 'opsconductor-ca-'))
    writeFileSync(join(folder, 'ca.pub'), authority)
    await using own = await startSshd({ settings: { TrustedUserCAKeys: join(folder, 'ca.pub') } })
    await using wire = newWire()
    const { username } = own
    const login: SshLogin = { kind: 'ssh_certificate', username, privateKey, certificate }
    await using shell = await wire.connect(requestTo(own, { login }))
    expect((await collect(shell, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
    const bare: SshLogin = { kind: 'ssh_key', username, privateKey }
    await expect(wire.connect(requestTo(own, { login: bare }))).rejects.toMatchObject({ fault: 'denied' })
    const unreadable: SshLogin = { ...login, certificate: 'nothing of the kind' }
    await expect(wire.connect(requestTo(own, { login: unreadable }))).rejects.toThrow(/-cert\.pub/)
    await expect(wire.connect(requestTo(own, { login, client: 'ssh2' }))).rejects.toThrow(/needs OpenSSH/)
    rmSync(folder, { recursive: true })
  })

  test('logs in with an agent’s key', async () => {
    await using agent = await startAgent()
    await agent.add(sshd.privateKey)
    await using wire = newWire()
    const login: SshLogin = { kind: 'agent', username: sshd.username, socketPath: agent.socketPath }
    await using shell = await wire.connect(requestTo(sshd, { login }))
    expect((await collect(shell, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
    const other: SshLogin = { ...login, fingerprint: 'SHA256:another' }
    await expect(wire.connect(requestTo(sshd, { login: other }))).rejects.toMatchObject({ fault: 'denied' })
  })

  test('talks to a server that allows post-quantum key exchange only', async () => {
    await using own = await startSshd({ settings: { KexAlgorithms: 'sntrup761x25519-sha512@openssh.com' } })
    await using wire = newWire()
    await expect(wire.connect(requestTo(own, { client: 'ssh2' }))).rejects.toMatchObject({ fault: 'protocol' })
    await using shell = await wire.connect(requestTo(own))
    expect((await collect(shell, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
  })

  test('follows an ssh_config: another name, and a command as the way there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'opsconductor-config-'))
    const config = join(folder, 'config')
    const way = `${process.execPath} -e "const s=require('net').connect(${sshd.port},'%h');process.stdin.pipe(s);s.pipe(process.stdout)"`
    writeFileSync(config, `Host by-name\n HostName 127.0.0.1\n ProxyCommand ${way}\n StrictHostKeyChecking no\n`)
    await using wire = newWire({ configFile: config })
    const address = { host: 'by-name', port: 22 }
    await using shell = await wire.connect(requestTo(sshd, { address }))
    expect((await collect(shell, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
    // what it says of host keys does not count
    const trust = async () => ({ refused: 'No.' })
    await expect(wire.connect(requestTo(sshd, { address, trust, poolKey: 'two' }))).rejects.toMatchObject({
      fault: 'untrusted',
    })
    rmSync(folder, { recursive: true })
  })

  test('logs in with what the server has, once the host is trusted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'opsconductor-config-'))
    writeFileSync(join(folder, 'key'), sshd.privateKey, { mode: 0o600 })
    writeFileSync(join(folder, 'config'), `IdentityFile ${join(folder, 'key')}\n`)
    await using wire = newWire({ configFile: join(folder, 'config') })
    const login: SshLogin = { kind: 'system', username: sshd.username }
    await using own = await startSshd()
    const refused = wire.connect(requestTo(own, { login, trust: async () => ({ refused: 'No.' }) }))
    await expect(refused).rejects.toMatchObject({ fault: 'untrusted' })
    expect(own.log()).not.toMatch(/publickey|Failed/)
    await using shell = await wire.connect(requestTo(sshd, { login }))
    expect((await collect(shell, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
    // a key of the server's own is not for other log-ins
    const password: SshLogin = { kind: 'password', username: sshd.username, password: 'wrong' }
    await expect(wire.connect(requestTo(sshd, { login: password }))).rejects.toMatchObject({ fault: 'denied' })
    const stranger: SshLogin = { kind: 'ssh_key', username: sshd.username, privateKey: own.privateKey }
    await expect(wire.connect(requestTo(sshd, { login: stranger }))).rejects.toMatchObject({ fault: 'denied' })
    rmSync(folder, { recursive: true })
  })

  test('goes over jump hosts, one master each, and names the one that fails', async () => {
    await using first = await startSshd()
    await using second = await startSshd()
    await using wire = newWire()
    const jump = (at: Sshd) => ({ ...requestTo(at), poolKey: `jump ${at.port}` })
    const jumps = [jump(first), jump(second)]
    await using one = await wire.connect(requestTo(sshd, { jumps, poolKey: 'one' }))
    await using two = await wire.connect(requestTo(sshd, { jumps, poolKey: 'two' }))
    expect((await collect(one, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
    expect((await collect(two, 'exit 4')).exit).toMatchObject({ exitCode: 4 })
    expect(wire.connections()).toBe(4)
    // and ssh2 goes through them as well
    await using mixed = await wire.connect(requestTo(sshd, { jumps, poolKey: 'mixed', client: 'ssh2' }))
    expect((await collect(mixed, 'head -c 3000000 /dev/zero')).stdout.length).toBe(3_000_000)
    const untrusted = [
      jump(first),
      { ...jump(second), trust: async () => ({ refused: 'It has changed.' }), poolKey: 'x' },
    ]
    await expect(wire.connect(requestTo(sshd, { jumps: untrusted, poolKey: 'three' }))).rejects.toMatchObject({
      fault: 'untrusted',
      details: { jumpHost: `127.0.0.1:${second.port}` },
    })
    const closed = { host: '127.0.0.1', port: 1 }
    await expect(wire.connect(requestTo(sshd, { jumps, address: closed, poolKey: 'x' }))).rejects.toMatchObject({
      fault: 'refused',
      details: { jumpHost: `127.0.0.1:${second.port}` },
    })
  })

  test('ends its masters with the wire', async () => {
    const wire = newWire()
    await wire.connect(requestTo(sshd))
    const [master] = masters()
    expect(master).toBeDefined()
    await wire.close()
    await expect.poll(() => commandLine(master?.pid ?? 0), { timeout: 30_000 }).toBe('')
  })

  test('ends its masters when the server is killed', async () => {
    const program = `
      import { createSshWire } from ${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))}
      const wire = createSshWire({ openssh: { configFile: 'none', aloneSec: 1, folder: process.env.FOLDER } })
      const request = JSON.parse(process.env.REQUEST)
      await wire.connect({ ...request, trust: async () => 'trusted', signal: new AbortController().signal })
      console.log('open')
      setInterval(() => {}, 1000)`
    const server = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, REQUEST: JSON.stringify(requestTo(sshd)), FOLDER: ourFolder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(server.stdout, 'data')
    const [master] = masters()
    expect(master).toBeDefined()
    server.kill('SIGKILL')
    await expect.poll(() => commandLine(master?.pid ?? 0), { timeout: 30_000 }).toBe('')
  })

  test('is given up at once when the caller gives up, and no ssh is left', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const sockets: Socket[] = []
    silent.on('connection', (socket) => sockets.push(socket))
    await using wire = newWire()
    const impatient = new AbortController()
    const address = { host: '127.0.0.1', port: (silent.address() as AddressInfo).port }
    const connecting = wire.connect(requestTo(sshd, { address, signal: impatient.signal }))
    connecting.catch(() => {})
    await until(() => sockets.length === 1)
    impatient.abort()
    await expect(connecting).rejects.toMatchObject({ fault: 'cancelled' })
    await expect.poll(() => masters().length).toBe(0)
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
})

describe.skipIf(!sshdAvailable('passwords with OpenSSH as the client'))('a password', () => {
  const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private
  const password = 'open $esame "now" \\n'
  const startServer = async (judge: (attempt: AuthContext) => void) => {
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
      connection.on('error', () => {})
      connection.on('authentication', judge)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const wire = newWire()
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
    return {
      connect: (login: SshLogin, trust: SshConnectRequest['trust'] = async () => 'trusted') =>
        wire.connect({ address, login, trust, signal, poolKey: 'one', client: 'openssh' }),
      [Symbol.asyncDispose]: async () => {
        await wire.close()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }
  const login: SshLogin = { kind: 'password', username: 'somebody', password }

  test('logs in, and a wrong one is denied after one try', async () => {
    const tried: string[] = []
    await using server = await startServer((attempt) => {
      if (attempt.method !== 'password') return attempt.reject(['password'])
      tried.push(attempt.password)
      return attempt.password === password ? attempt.accept() : attempt.reject(['password'])
    })
    await using _shell = await server.connect(login)
    await expect(server.connect({ ...login, password: 'wrong' })).rejects.toMatchObject({
      fault: 'denied',
      details: { acceptedMethods: ['password'] },
    })
    expect(tried).toEqual([password, 'wrong'])
  })

  test('is not sent to a host that is not trusted', async () => {
    let attempts = 0
    await using server = await startServer((attempt) => {
      attempts++
      attempt.reject(['password'])
    })
    await expect(server.connect(login, async () => ({ refused: 'No.' }))).rejects.toMatchObject({ fault: 'untrusted' })
    expect(attempts).toBe(0)
  })

  test('and a second answer log in where questions are asked', async () => {
    await using server = await startServer((attempt) => {
      if (attempt.method !== 'keyboard-interactive') return attempt.reject(['keyboard-interactive'])
      return attempt.prompt(
        [
          { prompt: 'Password: ', echo: false },
          { prompt: 'Verification code: ', echo: true },
        ],
        (answers) => (answers.join() === `${password},123456` ? attempt.accept() : attempt.reject()),
      )
    })
    const answers = [{ question: 'verification', answer: '123456' }]
    await using _shell = await server.connect({ kind: 'keyboard_interactive', username: 'somebody', password, answers })
    await expect(server.connect({ ...login })).rejects.toMatchObject({
      fault: 'denied',
      message: expect.stringContaining('Verification code'),
    })
  })

  test('that has expired is said to be so', async () => {
    await using server = await startServer((attempt) => {
      if (attempt.method === 'password') attempt.requestChange('Your password has expired.', () => attempt.reject())
      else attempt.reject(['password'])
    })
    await expect(server.connect(login)).rejects.toMatchObject({
      fault: 'denied',
      message: expect.stringContaining('has expired'),
    })
  })
})
