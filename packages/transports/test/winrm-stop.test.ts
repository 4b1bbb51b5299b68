import { describe, expect, test } from 'vitest'
import { collect, collectGuarded, listProcesses, signalIfThere, type WindowsMachine } from '../testing/index.ts'
import { startHouse } from './winrm-house.ts'

const ways = [
  { name: 'PowerShell', transport: 'winrs', interpreter: 'powershell' },
  { name: 'cmd', transport: 'winrs', interpreter: 'cmd' },
  { name: 'PowerShell that stays', transport: 'psrp', interpreter: 'powershell' },
] as const

/** In the language of /bin/sh, which the simulated shells start: says the number of a child whose parent is gone. */
const withOrphan = '(sleep 600 & echo $!) ; sleep 601'

const isThere = (pid: number): boolean => listProcesses().some((one) => one.pid === pid)

/** A process, and what was started together with it. */
const endWithGroup = (pid: number): void => {
  const all = listProcesses()
  const group = all.find((one) => one.pid === pid)?.group
  for (const one of all) if (one.group === group) signalIfThere(one.pid, 'SIGKILL')
}

describe.each(ways)('a command of $name under a guard', ({ transport, interpreter }) => {
  const house = async (machine: WindowsMachine = {}) => {
    const started = await startHouse(machine, { transport })
    const shell = await started.connect()
    /** Runs it until its first output, and stops it then. */
    const stopped = async (id: string, because: 'cancelled' | 'timeout', onOutput = (_said: string) => {}) => {
      const cancel = new AbortController()
      const run = await collectGuarded(shell, id, withOrphan, {
        interpreter,
        signal: cancel.signal,
        ...(because === 'timeout' ? { timeoutMs: 300 } : {}),
        onOutput: (_stream, bytes) => {
          onOutput(Buffer.from(bytes).toString())
          if (because === 'cancelled') cancel.abort()
        },
      })
      return { exit: run.exit, orphan: Number(run.stdout) }
    }
    return {
      ...started,
      shell,
      stopped,
      [Symbol.asyncDispose]: async () => {
        await shell[Symbol.asyncDispose]()
        await started[Symbol.asyncDispose]()
      },
    }
  }

  test.each(['cancelled', 'timeout'] as const)(
    'is stopped (%s) with a child that outlives its parent',
    async (because) => {
      await using windows = await house()
      const { exit, orphan } = await windows.stopped('orphan-1', because)
      expect(exit).toEqual({ kind: 'stopped', because, outcome: 'stopped', pids: [] })
      expect([orphan > 0, isThere(orphan)]).toEqual([true, false])
      const next = await collect(windows.shell, 'exit 3', { interpreter })
      expect(next.exit).toEqual({ kind: 'exited', exitCode: 3 })
    },
  )

  test('of which something cannot be ended still runs', async () => {
    let immortal = 0
    await using windows = await house({ isUnkillable: (pid) => pid === immortal })
    try {
      const { exit } = await windows.stopped('immortal-1', 'cancelled', (said) => (immortal = Number(said)))
      expect(exit).toEqual({ kind: 'stopped', because: 'cancelled', outcome: 'still_running', pids: [immortal] })
    } finally {
      endWithGroup(immortal)
    }
  })

  test.each(['cancelled', 'timeout'] as const)(
    'that was stopped (%s) and not looked at is unconfirmed',
    async (because) => {
      await using windows = await house({ failsToLook: () => true })
      const { exit, orphan } = await windows.stopped('unseen-1', because)
      expect(exit).toEqual({ kind: 'stopped', because, outcome: 'unconfirmed', pids: [] })
      // it is this that would run beside a second try
      expect(isThere(orphan)).toBe(true)
      endWithGroup(orphan)
    },
  )
})

describe('a command of cmd', () => {
  test('whose executor is gone is seen to run, stopped by another one, and never run again', async () => {
    await using house = await startHouse()
    await using shell = await house.connect()
    const begun = Promise.withResolvers<void>()
    const first = collectGuarded(shell, 'left-2', withOrphan, { interpreter: 'cmd', onOutput: () => begun.resolve() })
    await begun.promise
    await using other = await house.connect({ poolKey: 'other' })
    expect(await other.burn({ id: 'left-2' })).toMatchObject({ kind: 'running', isDetached: false })
    expect(await other.stop({ id: 'left-2', because: 'cancelled' })).toMatchObject({ outcome: 'stopped', pids: [] })
    const { exit, stdout } = await first
    expect([exit.kind, isThere(Number(stdout))]).toEqual(['exited', false])
    expect(await other.burn({ id: 'left-2' })).toMatchObject({ kind: 'gone' })
  })

  test('that ends by itself is what it is, with its own exit code', async () => {
    await using house = await startHouse()
    await using shell = await house.connect()
    const run = await collectGuarded(shell, 'own-1', 'exit 7', { interpreter: 'cmd', timeoutMs: 60_000 })
    expect(run.exit).toEqual({ kind: 'exited', exitCode: 7 })
  })
})

describe('a command of a PowerShell that stays', () => {
  test('that another executor has begun is not claimed to have stopped: the script itself is no process', async () => {
    await using house = await startHouse({}, { transport: 'psrp' })
    await using shell = await house.connect()
    const cancel = new AbortController()
    const begun = Promise.withResolvers<void>()
    const first = collectGuarded(shell, 'left-3', withOrphan, {
      signal: cancel.signal,
      onOutput: () => begun.resolve(),
    })
    await begun.promise
    await using other = await house.connect({ poolKey: 'other' })
    expect(await other.stop({ id: 'left-3', because: 'cancelled' })).toMatchObject({ outcome: 'unconfirmed' })
    cancel.abort()
    await first
  })
})
