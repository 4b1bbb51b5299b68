import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describeHostKey, type HostKey, type SshAddress, type SshLogin } from '../src/index.ts'
import { findProgram } from './find-sshd.ts'
import { signalIfThere, sshdProcessesBelow } from './processes.ts'

export type HostKeyType = 'ed25519' | 'ecdsa' | 'rsa'

export type SshdOptions = {
  /** A loopback address; many targets can be had at 127.0.0.1, 127.0.0.2, … (not on macOS). */
  host?: string
  /** `ed25519` unless told. */
  hostKeyTypes?: HostKeyType[]
  /** Of the key it lets in; `ed25519` unless told. */
  userKeyType?: HostKeyType
  /** Further lines of sshd_config, e.g. `{ MaxSessions: '2', RekeyLimit: '1M', ForceCommand: '…' }`. */
  settings?: Record<string, string>
  /** The full path of sshd; looked for in the usual places unless told. */
  program?: string
}

export interface Sshd extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** The user who runs the tests: without root, sshd can let in nobody else. */
  readonly username: string
  readonly privateKey: string
  /** The file with the public keys it lets in; more may be added. */
  readonly authorizedKeys: string
  readonly address: SshAddress
  readonly login: SshLogin
  /** The first of {@link SshdOptions.hostKeyTypes}. */
  hostKey(): HostKey
  /** Process id of the listening server. */
  pid(): number
  /** What it logged so far. */
  log(): string
  /** Starts again at the same port with new host keys, as a machine that was installed anew. */
  replaceHostKey(types?: HostKeyType[]): Promise<void>
  /** Cuts all connections, while the commands they run go on. */
  dropConnections(): void
  stop(): Promise<void>
}

/** A real OpenSSH server on a loopback address and a free port, with keys and a folder of its own. */
export const startSshd = async (options: SshdOptions = {}): Promise<Sshd> => {
  const program = options.program ?? findProgram('sshd')
  if (program === undefined) throw new Error('sshd is missing: apt-get install openssh-server')
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 }) // where sshd, as root, locks itself in
  const host = options.host ?? '127.0.0.1'
  const port = await freePort(host)
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-sshd-'))
  const { username } = userInfo()
  const userKey = makeKey(folder, 'user', options.userKeyType ?? 'ed25519')
  await writeFile(join(folder, 'authorized_keys'), await readFile(`${userKey}.pub`))
  const privateKey = await readFile(userKey, 'utf8')

  let log = ''
  let server: ChildProcess
  let watch: Disposable | undefined
  let hostKey: HostKey

  const start = async (types: HostKeyType[]): Promise<void> => {
    const keys = types.map((type) => makeKey(folder, `host-${type}`, type))
    hostKey = await readPublicKey(`${keys[0]}.pub`)
    const config = join(folder, 'sshd_config')
    await writeFile(config, configuration(host, port, keys, folder, options.settings))
    server = spawn(program, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    let isListening = false // the log grows long: it is not to be searched for ever
    await new Promise<void>((resolve, reject) => {
      server.stderr?.on('data', (bytes: Buffer) => {
        log += bytes.toString()
        if (isListening || !log.includes('Server listening on')) return
        isListening = true
        resolve()
      })
      server.once('exit', (code) => reject(new Error(`sshd ended with ${code}:\n${log}`)))
    })
    watch = endWithUs(server.pid ?? 0, folder)
  }

  const end = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    watch?.[Symbol.dispose]()
    const exit = once(server, 'exit')
    server.kill('SIGTERM')
    await exit
    log = ''
  }
  const dropConnections = (): void => {
    for (const pid of sshdProcessesBelow(server.pid ?? 0)) signalIfThere(pid, 'SIGKILL')
  }
  const stop = async (): Promise<void> => {
    dropConnections()
    await end()
    await rm(folder, { recursive: true, force: true })
  }

  await start(options.hostKeyTypes ?? ['ed25519'])
  return {
    host,
    port,
    username,
    privateKey,
    authorizedKeys: join(folder, 'authorized_keys'),
    address: { host, port },
    login: { kind: 'ssh_key', username, privateKey },
    hostKey: () => hostKey,
    pid: () => server.pid ?? 0,
    log: () => log,
    async replaceHostKey(types = options.hostKeyTypes ?? ['ed25519']) {
      dropConnections()
      await end()
      await start(types)
    },
    dropConnections,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

const configuration = (
  host: string,
  port: number,
  keys: string[],
  folder: string,
  settings: Record<string, string> = {},
): string => {
  // the first value of a setting counts (sshd_config(5)), so what the caller wants comes first
  const lines = Object.entries({
    ...settings,
    ListenAddress: host,
    Port: String(port),
    AuthorizedKeysFile: join(folder, 'authorized_keys'),
  })
  const defaults = Object.entries({
    PidFile: 'none',
    UsePAM: isLocked(userInfo().username) ? 'yes' : 'no',
    StrictModes: 'no', // the folder is below /tmp
    PermitRootLogin: 'yes',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    MaxStartups: '1000',
    LogLevel: 'VERBOSE',
    SetEnv: 'SHLVL=2', // keeps bash from reading the start-up files of whoever runs the tests
    Subsystem: 'sftp internal-sftp',
  }).filter(([name]) => !(name in settings))
  return [
    ...keys.map((key) => `HostKey ${key}`),
    ...[...lines, ...defaults].map(([name, value]) => `${name} ${value}`),
    '',
  ].join('\n')
}

/** Ends sshd when this process ends in whatever way, even killed: then a small shell sees its input end. */
const endWithUs = (pid: number, folder: string): Disposable => {
  const watcher = spawn('/bin/sh', ['-c', `read -r line; kill -9 ${pid}; rm -rf "$0"`, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a Ctrl-C in the terminal is for us, not for it
  })
  watcher.unref()
  return { [Symbol.dispose]: () => void watcher.kill('SIGKILL') }
}

// without PAM, sshd lets nobody in whose password begins with '!', not even with a key; root on Ubuntu is such a one
const isLocked = (username: string): boolean => {
  try {
    return readFileSync('/etc/shadow', 'utf8')
      .split('\n')
      .some((line) => line.startsWith(`${username}:!`))
  } catch {
    return false // no such file, or not ours to read: sshd cannot see it either
  }
}

let keyNumber = 0

/** A new key pair in `folder`; gives back the path of the private one. */
const makeKey = (folder: string, name: string, type: HostKeyType): string => {
  const path = join(folder, `${name}-${++keyNumber}`)
  const bits = type === 'rsa' ? ['-b', '2048'] : []
  execFileSync(findProgram('ssh-keygen') ?? 'ssh-keygen', ['-q', '-t', type, ...bits, '-N', '', '-f', path])
  return path
}

const readPublicKey = async (path: string): Promise<HostKey> => {
  const [, blob = ''] = (await readFile(path, 'utf8')).split(' ')
  return describeHostKey(Buffer.from(blob, 'base64'))
}

const freePort = async (host: string): Promise<number> => {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error(`no free port at ${host}`)
  return address.port
}
