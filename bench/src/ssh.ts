/**
 * The SSH wire by itself, beside the OpenSSH programs: cold and warm commands, a long line, memory, files.
 *
 * Both use the same key exchange and cipher (curve25519, aes128-gcm), both check the host key, and both take turns.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  copyDown,
  copyUp,
  createLocalWire,
  createSshWire,
  type PosixShell,
  type Shell,
  type SshClient,
  type SshConnectRequest,
} from '@opsconductor/transports'
import { startSlowLink, startSshd, trustOnly, type Sshd } from '@opsconductor/transports/testing'
import { printHead, printTimes } from './figures.ts'

const signal = new AbortController().signal
const ROUNDS = 5
const run = promisify(execFile)
const KEX = 'curve25519-sha256'
const CIPHER = 'aes128-gcm@openssh.com'

const settings = { KexAlgorithms: KEX, Ciphers: CIPHER, MaxStartups: '2000', MaxSessions: '20' }

const requestTo = (sshd: Sshd, poolKey: string, client: SshClient, at = sshd.address): SshConnectRequest => ({
  address: at,
  login: sshd.login,
  trust: trustOnly(sshd.hostKey()),
  knownAlgorithms: [sshd.hostKey().algorithm],
  poolKey,
  client,
  signal,
})

const newWire = () => createSshWire({ openssh: { configFile: 'none' } })

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const beganAt = performance.now()
  await work()
  return performance.now() - beganAt
}

const runTrue = async (shell: Shell): Promise<void> => {
  const exit = await shell.run({ script: 'true', signal, onOutput: () => {} })
  if (exit.kind !== 'exited' || exit.exitCode !== 0) throw new Error(`true ended as ${JSON.stringify(exit)}`)
}
const runGuarded = async (shell: PosixShell): Promise<void> => {
  await shell.run({ script: 'true', signal, guard: { id: randomUUID() }, onOutput: () => {} })
}

/** What the OpenSSH programs need to log in to `sshd` alike. */
const opensshOptions = (sshd: Sshd, folder: string, at = sshd.address): string[] => {
  const { algorithm, key } = sshd.hostKey()
  writeFileSync(join(folder, 'key'), sshd.privateKey, { mode: 0o600 })
  writeFileSync(join(folder, 'known'), `[${at.host}]:${at.port} ${algorithm} ${key}\n`)
  const options = {
    IdentityFile: join(folder, 'key'),
    UserKnownHostsFile: join(folder, 'known'),
    StrictHostKeyChecking: 'yes',
    KexAlgorithms: KEX,
    Ciphers: CIPHER,
    BatchMode: 'yes',
    Port: String(at.port),
    User: sshd.username,
  }
  return ['-F', 'none', ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
}

const inFlight = async (count: number, atATime: number, work: (index: number) => Promise<unknown>): Promise<void> => {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: atATime }, worker))
}

const cold = async (sshd: Sshd, folder: string): Promise<void> => {
  const count = 200
  printHead(`cold: log in and run true, ${count} times, 10 at a time, ms in all`)
  const ours: number[] = []
  const cpu: number[] = []
  const theirs: number[] = []
  const options = opensshOptions(sshd, folder)
  for (let round = 0; round < ROUNDS; round++) {
    const wire = newWire()
    const before = process.cpuUsage()
    ours.push(
      await timed(() =>
        inFlight(count, 10, async (index) => {
          await using shell = await wire.connect(requestTo(sshd, `${round} ${index}`, 'ssh2'))
          await runTrue(shell)
        }),
      ),
    )
    const { user, system } = process.cpuUsage(before)
    cpu.push((user + system) / 1000 / count)
    await wire.close()
    theirs.push(await timed(() => inFlight(count, 10, () => run('ssh', [...options, sshd.host, 'true']))))
  }
  printTimes('ssh2', ours)
  printTimes('ssh2, processor time of this process for each', cpu)
  printTimes('ssh, a process each', theirs)
}

const warm = async (sshd: Sshd, folder: string): Promise<void> => {
  printHead('warm: true on an open connection, ms')
  await using wire = newWire()
  await using ssh2 = await wire.connect(requestTo(sshd, 'warm', 'ssh2'))
  await using openssh = await wire.connect(requestTo(sshd, 'warm', 'openssh'))
  await using local = await createLocalWire().connect({ signal })
  const control = join(folder, 'control')
  const options = [...opensshOptions(sshd, folder), '-S', control]
  const master = spawn('ssh', [...options, '-M', '-N', sshd.host], { stdio: 'ignore' })
  const viaMaster = () => run('ssh', [...options, sshd.host, 'true'])
  for (let round = 0; round < 5; round++) await viaMaster() // until the master is there, by itself
  const times: Record<string, number[]> = {}
  const measure = async (name: string, work: () => Promise<unknown>) => (times[name] ??= []).push(await timed(work))
  for (let round = 0; round < 100; round++) {
    await measure('ssh2', () => runTrue(ssh2))
    await measure('ssh2, under a guard', () => runGuarded(ssh2))
    await measure('openssh in proxy mode', () => runTrue(openssh))
    await measure('local', () => runTrue(local))
    await measure('ssh through ControlMaster', viaMaster)
  }
  master.kill()
  for (const [name, taken] of Object.entries(times)) printTimes(name, taken.slice(10))
}

const longLine = async (sshd: Sshd, folder: string): Promise<void> => {
  printHead('warm over 40 ms of round trip, ms')
  await using link = await startSlowLink(sshd, 40)
  await using wire = newWire()
  for (const client of ['ssh2', 'openssh'] as const) {
    await using shell = await wire.connect(requestTo(sshd, 'long', client, link.address))
    const guarded: number[] = []
    const plain: number[] = []
    for (let round = 0; round < 25; round++) {
      guarded.push(await timed(() => runGuarded(shell)))
      plain.push(await timed(() => runTrue(shell)))
    }
    printTimes(`${client}, under a guard`, guarded.slice(5))
    printTimes(`${client}, not traceable`, plain.slice(5))
  }
  const control = join(folder, 'long')
  const options = [...opensshOptions(sshd, folder, link.address), '-S', control]
  const master = spawn('ssh', [...options, '-M', '-N', sshd.host], { stdio: 'ignore' })
  const times: number[] = []
  for (let round = 0; round < 25; round++) times.push(await timed(() => run('ssh', [...options, sshd.host, 'true'])))
  master.kill()
  printTimes('ssh through ControlMaster', times.slice(5))
}

const memory = async (sshd: Sshd): Promise<void> => {
  // the first ones let V8's heap grow to what a working executor has; then it is counted what one more takes
  const [first, last] = [300, 1_000]
  await using wire = newWire()
  const open = (from: number, to: number) =>
    inFlight(to - from, 10, async (index) => {
      await using shell = await wire.connect(requestTo(sshd, `idle ${from + index}`, 'ssh2'))
      await runTrue(shell)
    })
  await open(0, first)
  globalThis.gc?.()
  const before = process.memoryUsage()
  await open(first, last)
  globalThis.gc?.()
  const after = process.memoryUsage()
  const print = (what: string, bytes: number): void =>
    console.log(`${what.padEnd(52)}${(bytes / 1024 / (last - first)).toFixed(1).padStart(8)}`)
  print('memory of one more of 1,000 idle connections, KiB', after.rss - before.rss)
  print('of it alive', after.heapUsed + after.external - before.heapUsed - before.external)
}

const files = async (sshd: Sshd, folder: string): Promise<void> => {
  printHead('100 MB to and from the target, hash and rename included, ms')
  const source = join(folder, 'source')
  writeFileSync(source, randomBytes(100_000_000))
  const small = join(folder, 'small')
  execFileSync('mkdir', [small])
  for (let index = 0; index < 200; index++) writeFileSync(join(small, `file ${index}`), randomBytes(2_000))
  await using wire = newWire()
  const options = opensshOptions(sshd, folder)
  const shells = { ssh2: 'ssh2', openssh: 'openssh' } as const
  const times: Record<string, number[]> = {}
  const measure = async (name: string, work: () => Promise<unknown>) => (times[name] ??= []).push(await timed(work))
  for (let round = 0; round < ROUNDS; round++) {
    for (const client of Object.values(shells)) {
      await using shell = await wire.connect(requestTo(sshd, 'copy', client))
      const there = join(folder, 'there')
      await measure(`${client} up`, () => copyUp(shell, { here: source, there, signal }))
      await measure(`${client} down`, () => copyDown(shell, { here: join(folder, 'back'), there, signal }))
      await measure(`${client} up, a folder of 200 files`, () =>
        copyUp(shell, { here: small, there: join(folder, `small there ${round}`), signal }),
      )
    }
    await measure('scp up', () => run('scp', ['-q', ...options, source, `${sshd.host}:${folder}/scp`]))
    await measure('scp down', () => run('scp', ['-q', ...options, `${sshd.host}:${folder}/scp`, join(folder, 'back')]))
    await measure('scp up, a folder of 200 files', () =>
      run('scp', ['-qr', ...options, small, `${sshd.host}:${join(folder, `small scp ${round}`)}`]),
    )
  }
  for (const [name, taken] of Object.entries(times)) printTimes(name, taken)
}

const withSshd = async (measure: (sshd: Sshd, folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-bench-'))
  const sshd = await startSshd({ settings })
  const load = loadavg().map((load) => load.toFixed(1))
  console.log(`load before: ${load.join(' ')}`)
  try {
    await measure(sshd, folder)
  } finally {
    await sshd.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

export const measureSsh = (): Promise<void> =>
  withSshd(async (sshd, folder) => {
    await cold(sshd, folder)
    await warm(sshd, folder)
    await longLine(sshd, folder)
    await memory(sshd)
  })

export const measureCopy = (): Promise<void> => withSshd(files)
