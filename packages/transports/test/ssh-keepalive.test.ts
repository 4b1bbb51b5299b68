import { describe, expect, test } from 'vitest'
import { createSshWire, type SshClient } from '../src/index.ts'
import { collect, findProgram, sshdAvailable, startSlowLink, startSshd, trustOnly, until } from '../testing/index.ts'

const signal = new AbortController().signal
const clients: SshClient[] = findProgram('ssh') === undefined ? ['ssh2'] : ['ssh2', 'openssh']

describe.skipIf(!sshdAvailable('silent connections'))('a connection that falls silent', () => {
  test.each(clients)('is given up, and what ran over it is unknown (%s)', async (client) => {
    await using sshd = await startSshd()
    await using link = await startSlowLink(sshd, 0)
    // OpenSSH counts in whole seconds
    await using wire = createSshWire({
      keepaliveIntervalMs: client === 'ssh2' ? 50 : 1_000,
      keepaliveCountMax: 2,
      openssh: { configFile: 'none' },
    })
    const { login } = sshd
    const trust = trustOnly(sshd.hostKey())
    await using shell = await wire.connect({ address: link.address, login, trust, poolKey: 'x', signal, client })
    let group = 0
    const run = collect(shell, 'sleep 30', { onStarted: (processGroup) => (group = processGroup) })
    await until(() => group > 0)
    link.setRoundTripMs(600_000)
    expect((await run).exit).toMatchObject({ kind: 'unknown', processGroup: group, reason: expect.any(String) })
    link.setRoundTripMs(0)
    // the next goes over a new connection
    await shell.signal(group, 'KILL')
    expect(link.connections()).toBe(2)
  })
})
