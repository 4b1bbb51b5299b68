/**
 * The SSH wire by itself, beside the OpenSSH programs: cold and warm commands.
 *
 * Both use the same key exchange and cipher (curve25519, aes128-gcm), both check the host key, and both take turns.
 */
import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  createLocalWire,
  createSshWire,
  type PosixShell,
  type Shell,
  type SshClient,
  type SshConnectRequest,
} from '@opsconductor/transports'
import { startSshd, trustOnly, type Sshd } from '@opsconductor/transports/testing'
import { printHead, printTimes } from './figures.ts'
import { cipher, quickKex } from './ground/algorithms.ts'

export const signal = new AbortController().signal
export const ROUNDS = 5
export const run = promisify(execFile)

const settings = { KexAlgorithms: quickKex, Ciphers: cipher, MaxStartups: '2000', MaxSessions: '20' }

export const requestTo = (sshd: Sshd, poolKey: string, client: SshClient, at = sshd.address): SshConnectRequest => ({
  address: at,
  login: sshd.login,
  trust: trustOnly(sshd.hostKey()),
  knownAlgorithms: [sshd.hostKey().algorithm],
  poolKey,
  client,
  signal,
})

export const newWire = () => createSshWire({ openssh: { configFile: 'none' } })

export const timed = async (work: () => Promise<unknown>): Promise<number> => {
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
export const opensshOptions = (sshd: Sshd, folder: string, at = sshd.address): string[] => {
  const { algorithm, key } = sshd.hostKey()
  writeFileSync(join(folder, 'key'), sshd.privateKey, { mode: 0o600 })
  writeFileSync(join(folder, 'known'), `[${at.host}]:${at.port} ${algorithm} ${key}\n`)
  const options = {
    IdentityFile: join(folder, 'key'),
    UserKnownHostsFile: join(folder, 'known'),
    StrictHostKeyChecking: 'yes',
    KexAlgorithms: quickKex,
    Ciphers: cipher,
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

export const withSshd = async (measure: (sshd: Sshd, folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-bench-'))
  const sshd = await startSshd({ settings })
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
  })
