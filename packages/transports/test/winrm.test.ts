import { describe, expect, test } from 'vitest'
import type { HostKey, TrustVerdict, WinrmConnectRequest } from '../src/index.ts'
import { collect, collectGuarded, listProcesses, selfSigned, startWindows, until } from '../testing/index.ts'
import { login, requestTo, startHouse as start } from './winrm-house.ts'

describe.each(['winrs', 'psrp'] as const)('a guard over %s', (transport) => {
  test('is taken once, whoever asks', async () => {
    await using house = await start({}, { transport })
    await using one = await house.connect()
    await using other = await house.connect({ poolKey: 'other' })
    const runs = await Promise.all([one, other].map((shell) => collectGuarded(shell, 'once-1', 'echo it ran')))
    expect(runs.map(({ exit }) => exit.kind).toSorted()).toEqual(['exited', 'guarded'])
    expect(runs.map(({ stdout }) => stdout.trim()).toSorted()).toEqual(['', 'it ran'])
    expect(await one.burn({ id: 'once-1' })).toMatchObject({ kind: 'gone', isDetached: false })
  })

  test('that is burnt keeps a command from ever starting', async () => {
    await using house = await start({}, { transport })
    await using shell = await house.connect()
    expect(await shell.burn({ id: 'never-1' })).toEqual({ kind: 'burnt' })
    expect(await collectGuarded(shell, 'never-1', 'echo it ran')).toMatchObject({
      exit: { kind: 'guarded' },
      stdout: '',
    })
  })
})

describe('a guard', () => {
  test('where no folder can be made says so, and nothing was started', async () => {
    await using house = await start({ environment: { USERPROFILE: '/dev/null' } })
    await using shell = await house.connect()
    await expect(collectGuarded(shell, 'none-1', 'echo it ran')).rejects.toMatchObject({
      details: { isWithoutFolder: true, started: false },
    })
  })
})

describe.each(['winrs', 'psrp'] as const)('while a guard is taken over %s', (transport) => {
  test('a cancel is heard at once, and the command has not begun', async () => {
    const cancel = new AbortController()
    const silence = Promise.withResolvers<undefined>()
    await using house = await start(
      {
        intercept: ({ name }) => {
          if (name !== 'Command') return undefined
          cancel.abort()
          return silence.promise
        },
      },
      { transport },
    )
    await using shell = await house.connect()
    const run = await collectGuarded(shell, 'slow-1', 'echo it ran', { signal: cancel.signal })
    expect(run).toMatchObject({ exit: { kind: 'stopped', because: 'cancelled', outcome: 'stopped' }, stdout: '' })
    silence.resolve(undefined)
  })

  test('a connection that is lost says that the command has not begun', async () => {
    await using house = await start(
      { intercept: ({ name }) => (name === 'Command' ? 'cut' : undefined) },
      { transport },
    )
    await using shell = await house.connect()
    await expect(collectGuarded(shell, 'cut-1', 'echo it ran')).rejects.toMatchObject({
      fault: 'unreachable',
      details: { started: false },
    })
  })
})

describe('a command over winrm', () => {
  test('finds its variables as they are, and neither they nor it stand on a command line', async () => {
    const lines: string[] = []
    await using house = await start({
      cmd: (line) => {
        lines.push(Buffer.from(line.split(' ').at(-1) ?? '', 'base64').toString('utf16le'))
        return undefined
      },
    })
    await using shell = await house.connect()
    const secret = `it's "so" $(id) ’’ & | %PATH%\nhunter2`
    const run = await collect(shell, 'printf %s "${OC_1}"', { variables: { OC_1: secret } })
    expect(run.stdout).toBe(secret)
    expect(lines.join('')).toContain('FromBase64String')
    expect(lines.join('')).not.toMatch(/hunter2|printf/)
  })

  test('may be a line of cmd', async () => {
    await using house = await start()
    await using shell = await house.connect()
    expect(await collect(shell, 'ver', { interpreter: 'cmd' })).toMatchObject({
      exit: { exitCode: 0 },
      stdout: expect.stringContaining('Microsoft Windows'),
    })
    await expect(collect(shell, 'ver\nver', { interpreter: 'cmd' })).rejects.toThrow(/one line/)
    await expect(collect(shell, `echo ${'x'.repeat(9_000)}`, { interpreter: 'cmd' })).rejects.toMatchObject({
      message: expect.stringContaining('characters'),
      details: { started: false },
    })
  })

  test('goes on over a new connection when its own is cut, and its output is whole', async () => {
    await using house = await start()
    await using shell = await house.connect()
    const run = await collect(shell, 'for n in 1 2 3 4 5; do echo $n; sleep 0.2; done; exit 6', {
      onOutput: (_stream, bytes) => {
        if (/[24]/.test(Buffer.from(bytes).toString())) house.windows.cut()
      },
    })
    expect(run).toMatchObject({ exit: { kind: 'exited', exitCode: 6 }, stdout: '1\n2\n3\n4\n5\n' })
  })

  test('whose machine is restarted ends in a way nobody knows', async () => {
    await using house = await start()
    await using shell = await house.connect()
    const run = await collect(shell, 'echo begun; sleep 60', { onOutput: () => house.windows.restart() })
    expect(run.exit).toMatchObject({ kind: 'unknown' })
  })

  test('that is cancelled is stopped on the machine, and the next one runs', async () => {
    await using house = await start()
    await using shell = await house.connect()
    const cancel = new AbortController()
    const run = await collect(shell, 'echo $$; exec sleep 60', {
      signal: cancel.signal,
      onOutput: () => cancel.abort(),
    })
    expect(run.exit).toEqual({ kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] })
    await until(() => {
      try {
        return !process.kill(Number(run.stdout), 0)
      } catch {
        return true
      }
    })
    expect((await collect(shell, 'exit 3')).exit).toEqual({ kind: 'exited', exitCode: 3 })
  })

  test('that is cancelled under a guard takes its children along, also those that would stay', async () => {
    await using house = await start()
    await using shell = await house.connect()
    const cancel = new AbortController()
    const run = await collectGuarded(shell, 'tree-1', 'trap "" TERM; sleep 600 & sleep 601 & echo $!; wait', {
      signal: cancel.signal,
      onOutput: () => cancel.abort(),
    })
    expect(run.exit).toEqual({ kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] })
    expect(listProcesses().some(({ pid }) => pid === Number(run.stdout))).toBe(false)
  })

  test('whose executor is gone is seen to run, stopped by another one, and never run again', async () => {
    await using house = await start()
    await using shell = await house.connect()
    const begun = Promise.withResolvers<void>()
    const first = collectGuarded(shell, 'left-1', 'echo begun; sleep 600', { onOutput: () => begun.resolve() })
    await begun.promise
    await using other = await house.connect({ poolKey: 'other' })
    expect(await other.burn({ id: 'left-1' })).toMatchObject({ kind: 'running', isDetached: false })
    expect((await collectGuarded(other, 'left-1', 'echo again')).exit).toEqual({ kind: 'guarded' })
    expect(await other.stop({ id: 'left-1', because: 'cancelled' })).toMatchObject({ outcome: 'stopped', pids: [] })
    expect((await first).exit.kind).toBe('exited')
    expect(await other.burn({ id: 'left-1' })).toMatchObject({ kind: 'gone' })
  })

  test('that cannot be told to stop is not claimed to have stopped', async () => {
    let isGone = false
    await using house = await start({ intercept: () => (isGone ? 'cut' : undefined) })
    await using shell = await house.connect()
    const cancel = new AbortController()
    const run = await collect(shell, 'echo begun; sleep 60', {
      signal: cancel.signal,
      onOutput: () => {
        isGone = true
        cancel.abort()
      },
    })
    expect(run.exit).toMatchObject({ kind: 'stopped', outcome: 'unconfirmed' })
  })
})

describe('a connection over winrm', () => {
  test('is shared by those of one name, and shells are kept', async () => {
    await using house = await start()
    for (let n = 0; n < 4; n++) {
      await using shell = await house.connect()
      await collect(shell, 'ver', { interpreter: 'cmd' })
    }
    expect(house.windows.asked.filter((name) => name === 'Create')).toHaveLength(1)
    expect(house.windows.traffic.connections).toBe(1)
    await using _other = await house.connect({ poolKey: 'other' })
    expect(house.wire.connections()).toBe(2)
  })

  test('trusts the certificate it is told to, once it was asked', async () => {
    await using house = await start({ tls: selfSigned() }, { isHttps: true })
    const shown: HostKey[] = []
    let verdict: TrustVerdict = 'trusted'
    const decide = async (offered: HostKey) => {
      shown.push(offered)
      return verdict
    }
    await using shell = await house.connect({ trust: { kind: 'pinned', decide } })
    expect((await collect(shell, 'echo hello')).stdout).toBe('hello\n')
    expect(shown).toHaveLength(1)
    const known = shown[0]!.key
    await using _same = await house.connect({ trust: { kind: 'pinned', decide, known } })
    expect(shown).toHaveLength(2) // asked again when it is lent
    verdict = { refused: 'It has changed.', expected: 'SHA256:other' }
    await expect(house.connect({ trust: { kind: 'pinned', decide } })).rejects.toMatchObject({
      fault: 'untrusted',
      phase: 'host_key',
      details: { offeredFingerprint: shown[0]!.fingerprint, expectedFingerprint: 'SHA256:other', started: false },
    })
  })

  test('with another certificate than the pinned one says no name', async () => {
    await using house = await start({ tls: selfSigned() }, { isHttps: true })
    const decide = async () => ({ refused: 'It has changed.' })
    await expect(house.connect({ trust: { kind: 'pinned', decide, known: '1'.repeat(64) } })).rejects.toMatchObject({
      fault: 'untrusted',
    })
    await expect(house.connect({ trust: { kind: 'authority' } })).rejects.toMatchObject({ fault: 'untrusted' })
    expect(house.windows.traffic.requests).toBe(0)
  })
})

describe('a machine that is logged in to, and then shows another certificate', () => {
  const changed = async () => {
    const house = await start({ tls: selfSigned() }, { isHttps: true })
    const pinned: string[] = []
    const decide = async ({ key }: HostKey): Promise<TrustVerdict> => {
      if (pinned[0] === undefined) pinned.push(key)
      return pinned[0] === key ? 'trusted' : { refused: 'It has changed.', expected: pinned[0] ?? '' }
    }
    const connect = () =>
      house.connect({ trust: { kind: 'pinned', decide, ...(pinned[0] ? { known: pinned[0] } : {}) } })
    await using shell = await connect()
    await collect(shell, 'true')
    await house.windows.close()
    const windows = await startWindows({ tls: selfSigned(), port: house.windows.port })
    return {
      connect,
      windows,
      forget: () => void pinned.pop(),
      [Symbol.asyncDispose]: async () => {
        await house.wire.close()
        await windows.close()
      },
    }
  }

  test('is told nothing, and no command has begun', async () => {
    await using house = await changed()
    await using shell = await house.connect()
    for (const run of [collect(shell, 'echo it ran'), collectGuarded(shell, 'changed-1', 'echo it ran')])
      await expect(run).rejects.toMatchObject({
        fault: 'untrusted',
        message: expect.stringContaining('It has changed.'),
        details: { started: false },
      })
    expect(house.windows.traffic.requests).toBe(0)
  })

  test('is believed once the other one is forgotten', async () => {
    await using house = await changed()
    house.forget()
    await using shell = await house.connect()
    expect((await collect(shell, 'echo hello')).stdout).toBe('hello\n')
  })
})

describe('a test of winrm', () => {
  test.each(['winrs', 'psrp'] as const)('over %s tells each phase and what the machine is', async (transport) => {
    await using house = await start({ tls: selfSigned() })
    let asked = 0
    const trust = { kind: 'pinned', decide: async () => (asked++, 'trusted' as const) } as const
    const report = await house.wire.probe(requestTo(house.windows, { isHttps: true, transport, trust }))
    expect(report.error).toBeUndefined()
    expect(report.phases.map(({ phase, state }) => `${phase} ${state}`)).toEqual(
      ['dns', 'connect', 'host_key', 'authentication', 'command'].map((phase) => `${phase} passed`),
    )
    expect(report.hostKey?.fingerprint).toMatch(/^SHA256:[0-9a-f]{64}$/)
    expect(report.system).toContain('Microsoft Windows')
    expect(asked).toBe(1)
  })

  test('says in which phase it failed', async () => {
    await using house = await start({ tls: selfSigned() })
    const failed = async (more: Partial<WinrmConnectRequest>) => {
      const report = await house.wire.probe(requestTo(house.windows, { isHttps: true, ...more }))
      return [report.phases.find(({ state }) => state === 'failed')?.phase, report.error?.fault]
    }
    const refused = { kind: 'pinned', decide: async () => ({ refused: 'No.' }) } as const
    const trusted = { kind: 'pinned', decide: async () => 'trusted' as const } as const
    expect(await failed({ address: { host: 'no-such-host.invalid', port: 1 } })).toEqual(['dns', 'unreachable'])
    expect(await failed({ address: { host: '127.0.0.1', port: 1 } })).toEqual(['connect', 'refused'])
    expect(await failed({ trust: refused })).toEqual(['host_key', 'untrusted'])
    expect(await failed({ trust: trusted, login: { ...login, password: 'wrong' } })).toEqual([
      'authentication',
      'denied',
    ])
  })
})
