import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createSshWire,
  TransportError,
  type FollowEnd,
  type OutputPosition,
  type PosixShell,
  type SshWire,
} from '../src/index.ts'
import { follow, sshdAvailable, startSshd, trustOnly, until, type Sshd } from '../testing/index.ts'

const signal = new AbortController().signal

describe.skipIf(!sshdAvailable('detached commands over SSH'))('a detached command over SSH', () => {
  let root: string
  let guardDirectory: string
  let sshd: Sshd
  let wires: SshWire[]
  /** Each number is a connection of its own. */
  const connect = (number = 0): Promise<PosixShell> => {
    const wire = wires[number] ?? createSshWire({ guardDirectory, lingerMs: 300 })
    wires[number] = wire
    const { address, login } = sshd
    return wire.connect({ address, login, trust: trustOnly(sshd.hostKey()), signal, poolKey: 'one' })
  }
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'opsconductor-detached-'))
    guardDirectory = join(root, 'guards')
    sshd = await startSshd()
    wires = []
  })
  afterAll(async () => {
    await Promise.all((wires ?? []).map((wire) => wire.close()))
    await sshd?.stop()
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  })

  /** Writes `bytes` bit by bit to both outputs, for about two seconds. */
  const slowly = (name: string, bytes: Buffer, pieces = 40): string => {
    writeFileSync(join(root, name), bytes)
    const size = Math.ceil(bytes.length / pieces)
    return `i=0; while [ $i -lt ${pieces} ]; do
dd if='${join(root, name)}' bs=${size} skip=$i count=1 2>/dev/null
dd if='${join(root, name)}' bs=${size} skip=$i count=1 >&2 2>/dev/null
i=$((i + 1)); sleep 0.05; done; exit 9`
  }

  /** Processes that read the output in `folder`. */
  const readers = (folder: string): string[] =>
    readdirSync('/proc').filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return line.startsWith('tail') && line.includes(folder)
      } catch {
        return false // no process, or ended in between
      }
    })

  test('is heard to its last byte over connections that are cut again and again', async () => {
    const bytes = randomBytes(2_000_000)
    await using starter = await connect()
    await starter.detach({ id: 'cut', script: slowly('cut', bytes), signal })
    const kept: Record<'stdout' | 'stderr', Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
    let cuts = 0
    let end: FollowEnd | undefined
    while (end === undefined) {
      let heard = 0
      const from: OutputPosition = { stdout: kept.stdout.length, stderr: kept.stderr.length }
      try {
        await using shell = await connect()
        end = await shell.follow({
          id: 'cut',
          from,
          signal,
          onOutput: (stream, piece, offset) => {
            expect(offset).toBe(kept[stream].length)
            kept[stream] = Buffer.concat([kept[stream], piece])
            heard += piece.length
            if (heard > 100_000 && cuts < 12) {
              cuts++
              heard = -Infinity
              sshd.dropConnections()
            }
          },
        })
      } catch (error) {
        if (!(error instanceof TransportError && error.fault === 'unreachable')) throw error
      }
    }
    expect(cuts).toBeGreaterThan(2)
    expect(end).toEqual({ kind: 'exited', exitCode: 9 })
    expect([kept.stdout.equals(bytes), kept.stderr.equals(bytes)]).toEqual([true, true])
    await until(() => readers(guardDirectory).length === 0)
  })

  test('is taken over from an executor that was killed', async () => {
    const bytes = randomBytes(1_000_000)
    const file = join(root, 'heard')
    const { address, login } = sshd
    const task = { address, login, guardDirectory, id: 'killed', script: slowly('killed', bytes), file }
    const follower = spawn(
      process.execPath,
      [join(import.meta.dirname, 'programs/follower.ts'), JSON.stringify(task)],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    )
    const exit = once(follower, 'exit')
    const heard = (stream: string): Buffer =>
      existsSync(`${file}.${stream}`) ? readFileSync(`${file}.${stream}`) : Buffer.alloc(0)
    await until(() => heard('stdout').length > 200_000)
    follower.kill('SIGKILL')
    await exit
    await using shell = await connect()
    expect(await shell.burn({ id: 'killed' })).toMatchObject({ kind: 'running', isDetached: true })
    const from = { stdout: heard('stdout').length, stderr: heard('stderr').length }
    expect(from.stdout).toBeLessThan(bytes.length)
    const { end, stdout, stderr } = await follow(shell, 'killed', { from })
    expect(end).toEqual({ kind: 'exited', exitCode: 9 })
    expect(Buffer.concat([heard('stdout'), stdout]).equals(bytes)).toBe(true)
    expect(Buffer.concat([heard('stderr'), stderr]).equals(bytes)).toBe(true)
    await until(() => readers(guardDirectory).length === 0)
  })

  test('goes on while sshd is killed and started again', async () => {
    const bytes = randomBytes(500_000)
    await using shell = await connect()
    await shell.detach({ id: 'server', script: slowly('server', bytes), signal })
    let isKilled = false
    const before = follow(shell, 'server', {
      onOutput: () => {
        if (isKilled) return
        isKilled = true
        sshd.dropConnections()
        process.kill(sshd.pid(), 'SIGKILL')
      },
    })
    await expect(before).rejects.toBeInstanceOf(TransportError)
    await sshd.replaceHostKey()
    await using again = await connect(1)
    const { end, stdout, stderr } = await follow(again, 'server')
    expect(end).toEqual({ kind: 'exited', exitCode: 9 })
    expect([stdout.equals(bytes), stderr.equals(bytes)]).toEqual([true, true])
  })

  test('starts once, when two connections start it at the same time, 50 times', async () => {
    await using one = await connect(2)
    await using other = await connect(3)
    for (let round = 0; round < 50; round++) {
      const id = `race-${round}`
      const script = `echo started >>'${join(root, id)}'`
      const answers = await Promise.all([one.detach({ id, script, signal }), other.detach({ id, script, signal })])
      expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['guarded', 'started'])
      await follow(one, id)
      expect(readFileSync(join(root, id), 'utf8')).toBe('started\n')
      expect(await other.remove({ id })).toBe(true)
    }
  }, 60_000)

  test('either starts or is burnt, 50 times', async () => {
    await using one = await connect(2)
    await using other = await connect(3)
    const seen = new Set<string>()
    for (let round = 0; round < 50; round++) {
      const id = `burn-${round}`
      const start = one.detach({ id, script: `echo started >>'${join(root, id)}'`, signal })
      if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, round % 10))
      const [started, burnt] = await Promise.all([start, other.burn({ id })])
      seen.add(started.kind)
      expect(burnt.kind === 'burnt').toBe(started.kind === 'guarded')
      if (started.kind === 'started') await follow(one, id)
      expect(existsSync(join(root, id))).toBe(started.kind === 'started')
    }
    expect(seen.size).toBeGreaterThan(0)
  }, 60_000)

  test('never starts in part or twice when the connection is cut while it is sent', async () => {
    const padding = 'x'.repeat(200_000)
    for (let round = 0; round < 25; round++) {
      const id = `sent-${round}`
      const file = join(root, id)
      const script = `echo begun >>'${file}' # ${padding}\necho done >>'${file}'`
      await using shell = await connect()
      const detached = shell.detach({ id, script, signal }).catch((error: unknown) => error)
      await new Promise((resolve) => setTimeout(resolve, round))
      sshd.dropConnections()
      const answer = await detached
      await using again = await connect(4)
      const known = await again.burn({ id })
      if (known.kind === 'running' || known.kind === 'ended') await follow(again, id)
      const lines = existsSync(file) ? readFileSync(file, 'utf8') : ''
      expect(lines).toBe(known.kind === 'burnt' ? '' : 'begun\ndone\n')
      const isSaidNotStarted = answer instanceof TransportError && answer.details.started === false
      expect(isSaidNotStarted && lines !== '').toBe(false)
      expect(await again.detach({ id, script, signal })).toEqual({ kind: 'guarded' })
    }
  }, 60_000)

  test('leaves nothing on the target but who took its guard', async () => {
    await using shell = await connect(2)
    await shell.detach({ id: 'tidy', script: 'head -c 1000000 /dev/zero', signal })
    await follow(shell, 'tidy')
    expect(await shell.remove({ id: 'tidy' })).toBe(true)
    const left = readdirSync(join(guardDirectory, 'steps')).filter((name) => name.startsWith('tidy'))
    expect(left).toEqual(['tidy'])
    expect(statSync(join(guardDirectory, 'steps', 'tidy')).size).toBeLessThan(200)
  })
})

describe.skipIf(!sshdAvailable('unusual servers'))('a server that starts commands in a group of its own', () => {
  test('detaches them too, and its own group is left alone', async () => {
    const root = mkdtempSync(join(tmpdir(), 'opsconductor-detached-'))
    await using sshd = await startSshd({ settings: { ForceCommand: '/bin/sh -c "$SSH_ORIGINAL_COMMAND"; exit $?' } })
    await using wire = createSshWire({ guardDirectory: join(root, 'guards') })
    const { address, login } = sshd
    await using shell = await wire.connect({ address, login, trust: trustOnly(sshd.hostKey()), signal, poolKey: 'one' })
    const answer = await shell.detach({ id: 'one', script: 'echo ready; sleep 600', signal })
    expect(answer).toMatchObject({ kind: 'started' })
    const { end, stdout } = await follow(shell, 'one', { timeoutMs: 200 })
    expect(end).toEqual({ kind: 'stopped', because: 'timeout', outcome: 'stopped', pids: [] })
    expect(stdout.toString()).toBe('ready\n')
    expect(await shell.burn({ id: 'one' })).toMatchObject({ kind: 'ended', stopReason: 'timeout' })
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  })
})
