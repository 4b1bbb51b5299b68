import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { createLocalWire, createSshWire, type SshClient, type SshConnectRequest } from '../src/index.ts'
import { posixWireChecks, sshdAvailable, startSshd, trustOnly, type StartWire } from '../testing/index.ts'

const signal = new AbortController().signal

const overSsh =
  (client: SshClient): StartWire =>
  async () => {
    const sshd = await startSshd({ settings: { RekeyLimit: '8M' } })
    const wire = createSshWire({ lingerMs: 300, connectTimeoutMs: 5_000, openssh: { configFile: 'none' } })
    const request: SshConnectRequest = {
      address: sshd.address,
      login: sshd.login,
      trust: trustOnly(sshd.hostKey()),
      poolKey: 'one',
      client,
      signal,
    }
    const other = (more: Partial<SshConnectRequest>) => () => wire.connect({ ...request, poolKey: 'other', ...more })
    return {
      connect: (signal = request.signal) => wire.connect({ ...request, signal }),
      cut: () => sshd.dropConnections(),
      faulty: [
        {
          name: 'a key that is not trusted',
          connect: other({ trust: async () => ({ refused: 'No.' }) }),
          fault: 'untrusted',
        },
        {
          name: 'a key of another kind than the known one',
          connect: other({ knownAlgorithms: ['ecdsa-sha2-nistp256'] }),
          fault: 'untrusted',
        },
        {
          name: 'a user nobody knows',
          connect: other({ login: { ...sshd.login, username: 'nobody-here' } }),
          fault: 'denied',
        },
        { name: 'a closed port', connect: other({ address: { host: '127.0.0.1', port: 1 } }), fault: 'refused' },
        {
          name: 'a name nobody knows',
          connect: other({ address: { host: 'no-such-host.invalid', port: 22 } }),
          fault: 'unreachable',
        },
      ],
      [Symbol.asyncDispose]: async () => {
        await wire.close()
        await sshd.stop()
      },
    }
  }

const local: StartWire = async () => {
  const wire = createLocalWire({ directory: tmpdir(), lingerMs: 300 })
  return { connect: (given = signal) => wire.connect({ signal: given }), [Symbol.asyncDispose]: async () => {} }
}

const hasSshd = sshdAvailable('the wires ssh2 and openssh')

describe.each([
  { wire: 'ssh2', start: overSsh('ssh2'), isHere: hasSshd },
  { wire: 'openssh', start: overSsh('openssh'), isHere: hasSshd },
  { wire: 'local', start: local, isHere: true },
])('over $wire', ({ start, isHere }) => {
  test.skipIf(!isHere).each(posixWireChecks)('$name', async ({ check }) => {
    await expect(check(start)).resolves.toBeUndefined()
  })
})
