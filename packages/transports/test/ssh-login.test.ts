import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createSshWire, describePrivateKey, type SshConnectRequest, type SshLogin } from '../src/index.ts'
import { collect, findProgram, sshdAvailable, startAgent, startSshd, trustOnly, type Sshd } from '../testing/index.ts'

const signal = new AbortController().signal
const requestTo = (sshd: Sshd, login: SshLogin): SshConnectRequest => ({
  address: sshd.address,
  login,
  trust: trustOnly(sshd.hostKey()),
  signal,
  poolKey: 'one',
})

/** A further key pair that `sshd` lets in. */
const addKey = (sshd: Sshd, type: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-key-'))
  execFileSync(findProgram('ssh-keygen') ?? '', ['-q', '-t', type, '-N', '', '-f', join(folder, 'key')])
  writeFileSync(sshd.authorizedKeys, readFileSync(join(folder, 'key.pub')), { flag: 'a' })
  const privateKey = readFileSync(join(folder, 'key'), 'utf8')
  rmSync(folder, { recursive: true })
  return privateKey
}

describe.skipIf(!sshdAvailable('logging in with an agent'))('an agent', () => {
  test.each(['ed25519', 'rsa', 'ecdsa'])('logs in with its %s key', async (type) => {
    // an RSA key signs with SHA-2 (RFC 8332), never with SHA-1
    await using sshd = await startSshd({ settings: { PubkeyAcceptedAlgorithms: '-ssh-rsa' } })
    await using agent = await startAgent()
    await using wire = createSshWire()
    await agent.add(addKey(sshd, type))
    const login: SshLogin = { kind: 'agent', username: sshd.username, socketPath: agent.socketPath }
    await using shell = await wire.connect(requestTo(sshd, login))
    expect((await collect(shell, 'exit 3')).exit).toEqual({ kind: 'exited', exitCode: 3 })
  })

  test('with many keys is told which one to use, so that the server does not count the wrong ones', async () => {
    await using sshd = await startSshd({ settings: { MaxAuthTries: '2' } })
    await using agent = await startAgent()
    await using wire = createSshWire()
    await using other = await startSshd()
    for (let count = 0; count < 6; count++) await agent.add(addKey(other, 'ed25519'))
    const privateKey = addKey(sshd, 'ed25519')
    await agent.add(privateKey)
    const login = { kind: 'agent', username: sshd.username, socketPath: agent.socketPath } as const
    const { fingerprint } = describePrivateKey(privateKey, undefined)
    await using _shell = await wire.connect(requestTo(sshd, { ...login, fingerprint }))
    await expect(wire.connect(requestTo(sshd, login))).rejects.toMatchObject({ fault: 'denied' })
  })

  test('that is not there, or has no key, is said before anything is connected', async () => {
    await using sshd = await startSshd()
    await using agent = await startAgent()
    await using wire = createSshWire()
    const login = { kind: 'agent', username: sshd.username } as const
    const none = wire.connect(requestTo(sshd, { ...login, socketPath: '/nowhere/agent' }))
    await expect(none).rejects.toMatchObject({
      fault: 'denied',
      phase: 'authentication',
      message: expect.stringContaining('does not answer'),
    })
    const empty = wire.connect(requestTo(sshd, { ...login, socketPath: agent.socketPath }))
    await expect(empty).rejects.toMatchObject({ fault: 'denied', message: expect.stringContaining('ssh-add') })
    expect(sshd.log()).not.toContain('Connection from')
  })
})
