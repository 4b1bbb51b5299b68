/** What is left when processes die without a word. Linux alone lets a server end with the process that started it. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canReach } from './account.ts'

const linux = process.platform === 'linux'
const nobody = 65_534
const isRoot = process.getuid?.() === 0
const ordinary = { name: 'nobody', uid: nobody, gid: nobody, other: true }
const ordinaryCanRun = (await canReach(ordinary, process.execPath)) && (await canReach(ordinary, import.meta.filename))
if (!linux) process.stderr.write('LEFT OUT: the tests of death.test.ts need Linux (setpriv --pdeathsig)\n')
else if (!isRoot) process.stderr.write('LEFT OUT: three tests of death.test.ts need root, which changes accounts\n')
else if (!ordinaryCanRun)
  process.stderr.write('LEFT OUT: a test of death.test.ts needs a checkout that other users can reach\n')

let dataDir: string
let processes: Started[]
beforeEach(async () => {
  dataDir = await realpath(await mkdtemp(join(tmpdir(), 'death-')))
  await chmod(dataDir, 0o711)
  processes = []
})
afterEach(async () => {
  for (const { child } of processes) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  await rm(dataDir, { recursive: true, force: true })
})

type Line = { ready?: boolean; adopted: boolean; ownerUrl: string }
type Started = { child: ChildProcessByStdio<null, Readable, Readable>; next: () => Promise<Line>; warned: () => string }

const program = fileURLToPath(new URL('../../../../test/embedded-process.ts', import.meta.url))

/** Runs a program in a world of its own, in which setpriv is none. */
const withoutSetpriv = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'for path in /usr/bin /bin /usr/local/bin; do [ ! -e $path/setpriv ] || mount --bind /dev/null $path/setpriv; done; exec "$@"',
  'sh',
] as const
const canHideSetpriv = isRoot && spawnSync(withoutSetpriv[0], [...withoutSetpriv.slice(1), 'true']).status === 0
if (linux && isRoot && !canHideSetpriv)
  process.stderr.write('LEFT OUT: a test of death.test.ts needs the right to mount (unshare --mount)\n')

const launch = (folder = dataDir, uid?: number, before: readonly string[] = []): Started => {
  const [command, ...args] = [...before, process.execPath, program, folder]
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid, env: { PATH: process.env['PATH'] ?? '' } }),
  })
  const errors: string[] = []
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const line = await lines.next()
    if (line.done === true) throw new Error(`the process ended: ${errors.join('')}`)
    return JSON.parse(line.value) as Line
  }
  const started = { child, next, warned: () => errors.join('') }
  processes.push(started)
  return started
}

const postmasterPid = async (folder = dataDir) =>
  Number((await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])

const isRunning = (pid: number) => readlink(`/proc/${pid}/exe`).then(Boolean, () => false)

const kill = async ({ child }: Started) => {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const ask = async (url: string, text: string) => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

describe.runIf(linux)('the embedded PostgreSQL', () => {
  test('ends within 5 seconds when its process is killed, and the next start has every committed row', async () => {
    const first = launch()
    const { ownerUrl } = await first.next()
    const pid = await postmasterPid()
    await ask(ownerUrl, 'create table kept as select 1 as n')
    await kill(first)
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false)
    const second = await launch().next()
    expect(second).toEqual({ ready: true, adopted: false, ownerUrl })
    expect(await ask(ownerUrl, 'select n from kept')).toEqual([{ n: 1 }])
  })

  test('recovers when it is killed together with its process', async () => {
    const first = launch()
    const { ownerUrl } = await first.next()
    await ask(ownerUrl, 'create table kept as select 1 as n')
    const pid = await postmasterPid()
    first.child.kill('SIGSTOP') // or it would start the server again in between
    process.kill(pid, 'SIGKILL')
    await kill(first)
    const second = await launch().next()
    expect(second.adopted).toBe(false)
    expect(await ask(ownerUrl, 'select n from kept')).toEqual([{ n: 1 }])
  })

  test('is started again by its process when it is killed alone', async () => {
    const { ownerUrl } = await launch().next()
    const pid = await postmasterPid()
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => ask(ownerUrl, 'select 1 as n').catch(() => []), { timeout: 20_000 }).toEqual([{ n: 1 }])
    expect(await postmasterPid()).not.toBe(pid)
  })

  test('is started by one of several processes; when that one is killed, another takes over on the same port', async () => {
    const all = [launch(), launch(), launch()]
    const said = await Promise.all(all.map(({ next }) => next()))
    expect(said.filter(({ adopted }) => !adopted)).toHaveLength(1)
    expect(new Set(said.map(({ ownerUrl }) => ownerUrl)).size).toBe(1)
    const [holder] = all.filter((_, index) => said[index]?.adopted === false)
    const others = all.filter((_, index) => said[index]?.adopted === true)
    if (holder === undefined) throw new Error('nobody started it')
    await kill(holder)
    expect(await Promise.race(others.map(({ next }) => next()))).toEqual({ adopted: false })
    expect(await ask(said[0]?.ownerUrl ?? '', 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('never has its password in the arguments of a process', async () => {
    const { ownerUrl } = await launch().next()
    const { password } = new URL(ownerUrl)
    const args = await readFile(`/proc/${await postmasterPid()}/cmdline`, 'utf8')
    expect(args).toContain('listen_addresses=127.0.0.1')
    expect(args).not.toContain(password)
  })
})

describe.runIf(linux && isRoot)('as root', () => {
  test('the server runs as another account', async () => {
    await launch().next()
    const status = await readFile(`/proc/${await postmasterPid()}/status`, 'utf8')
    expect(status).not.toMatch(/^Uid:\s+0\s/m)
    expect(status).toMatch(/^Groups:\s*$/m)
  })

  test('below a closed folder the cluster lives elsewhere, and the data directory points to it', async () => {
    const closed = join(dataDir, 'closed')
    await mkdir(closed, { mode: 0o700 })
    const folder = join(closed, 'data')
    const first = launch(folder)
    const { ownerUrl } = await first.next()
    expect((await lstat(join(folder, 'postgres'))).isSymbolicLink()).toBe(true)
    const cluster = await realpath(join(folder, 'postgres'))
    try {
      expect(cluster).toMatch(/^\/var\/lib\/opsconductor\/clusters\/[0-9a-f-]{36}$/)
      await ask(ownerUrl, 'create table kept as select 1 as n')
      await kill(first)
      const second = launch(folder)
      await second.next()
      expect(await ask(ownerUrl, 'select n from kept')).toEqual([{ n: 1 }])
      second.child.kill('SIGTERM')
      await once(second.child, 'exit')
    } finally {
      await rm(cluster, { recursive: true, force: true })
    }
  })

  test.runIf(canHideSetpriv)(
    'without setpriv a killed process leaves the server behind and has said so; the next one uses it, and minds when it dies',
    async () => {
      const first = launch(dataDir, undefined, withoutSetpriv)
      const { ownerUrl } = await first.next()
      expect(first.warned()).toContain('util-linux')
      const pid = await postmasterPid()
      await kill(first)
      const second = launch(dataDir, undefined, withoutSetpriv)
      expect(await second.next()).toEqual({ ready: true, adopted: false, ownerUrl })
      expect(await postmasterPid()).toBe(pid)

      process.kill(pid, 'SIGKILL')
      await expect.poll(() => isRunning(pid)).toBe(false)
      await expect.poll(() => ask(ownerUrl, 'select 1 as n').catch(() => []), { timeout: 20_000 }).toEqual([{ n: 1 }])
      expect(await postmasterPid()).not.toBe(pid)
    },
  )

  test.runIf(ordinaryCanRun)('and as an ordinary user it works alike', async () => {
    await chown(dataDir, nobody, nobody)
    const first = launch(dataDir, nobody)
    const { ownerUrl } = await first.next()
    const pid = await postmasterPid()
    expect((await lstat(join(dataDir, 'postgres'))).uid).toBe(nobody)
    await kill(first)
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false)
    await launch(dataDir, nobody).next()
    expect(await ask(ownerUrl, 'select 1 as n')).toEqual([{ n: 1 }])
  })
})
