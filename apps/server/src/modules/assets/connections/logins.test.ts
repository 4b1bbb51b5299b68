import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { api, builtInRoles, type NewCredential } from '@opsconductor/contract'
import { createSshWire, describePrivateKey, type SshWire } from '@opsconductor/transports'
import { signCertificate, sshdAvailable, startAgent, startSshd, type Sshd } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenAssets, openAssets } from '../../../../test/assets.ts'
import { contextOf } from '../../../../test/context.ts'
import { sshLogin } from './login.ts'

describe.skipIf(!sshdAvailable('kinds of log-in'))('a log-in', () => {
  let sshd: Sshd
  let ssh: SshWire
  let assets: OpenAssets
  let agent: Awaited<ReturnType<typeof startAgent>>
  const folder = mkdtempSync(join(tmpdir(), 'oc-'))
  let signed: ReturnType<typeof signCertificate>
  let drawn = 0

  beforeAll(async () => {
    agent = await startAgent()
    signed = signCertificate(userInfo().username)
    const authority = join(folder, 'ca.pub')
    writeFileSync(authority, signed.authority)
    sshd = await startSshd({ settings: { TrustedUserCAKeys: authority } })
    ssh = createSshWire({ openssh: { configFile: 'none', folder } })
    assets = await openAssets({ ssh, local: null }, { agentSockets: [agent.socketPath] })
  })
  afterAll(async () => {
    await assets?.[Symbol.asyncDispose]()
    await ssh?.close()
    await agent?.[Symbol.asyncDispose]()
    await sshd?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const credential = (body: { type: NewCredential['type']; secret: object }) =>
    assets.call(api.credentials.create, { body: { name: `credential ${++drawn}`, ...body } as NewCredential })
  const tested = async (credential: string, more: object = {}) => {
    const target = await assets.call(api.targets.create, {
      body: {
        name: `target ${++drawn}`,
        methods: [{ type: 'ssh', config: { ...sshd.address, ...more }, credential }],
      },
    })
    const { methods } = await assets.call(api.targets.test, { params: { ref: target.uuid } })
    return methods[0]
  }

  test('by a certificate goes by OpenSSH of itself, and by no other client', async () => {
    const { privateKey, certificate } = signed
    const { name, fingerprint } = await credential({
      type: 'ssh_certificate',
      secret: { username: sshd.username, privateKey, certificate },
    })
    expect(fingerprint).toBe(describePrivateKey(privateKey, undefined).fingerprint)
    expect(await tested(name)).toMatchObject({ isOk: true, system: expect.stringMatching(/\w/) })
    await expect(tested(name, { sshClient: 'ssh2' })).rejects.toMatchObject({
      fields: [{ path: 'methods.0.credential', message: expect.stringContaining('OpenSSH') }],
    })
  })

  test('by a certificate for another key, or by none, is refused when it is saved', async () => {
    const other = signCertificate(sshd.username)
    const secret = { username: sshd.username, privateKey: signed.privateKey }
    await expect(
      credential({ type: 'ssh_certificate', secret: { ...secret, certificate: other.certificate } }),
    ).rejects.toMatchObject({
      fields: [{ path: 'secret.certificate', message: expect.stringContaining('another key') }],
    })
    await expect(
      credential({ type: 'ssh_certificate', secret: { ...secret, certificate: 'ssh-ed25519 AAAA' } }),
    ).rejects.toMatchObject({ fields: [{ path: 'secret.certificate' }] })
  })

  test('by a certificate that has expired says so before anything is connected', async () => {
    const { privateKey, certificate } = signCertificate(sshd.username, '20200101:20200201')
    const secret = { username: sshd.username, privateKey, certificate }
    const { name } = await credential({ type: 'ssh_certificate', secret })
    const before = sshd.log()
    expect(await tested(name)).toMatchObject({
      isOk: false,
      fault: 'denied',
      message: expect.stringMatching(new RegExp(`certificate of the credential "${name}" expired on 2020-02-01`)),
    })
    expect(sshd.log()).toBe(before)
  })

  test.each([
    ['host', { host: '-oProxyCommand=touch', port: 22 }, 'root'],
    ['host', { host: '`touch`', port: 22 }, 'root'],
    ['host', { host: '$(touch)', port: 22 }, 'root'],
    ['user', undefined, '-oProxyCommand=touch${IFS}it'],
    ['user', undefined, 'root;touch${IFS}it'],
    ['user', undefined, '$(touch${IFS}it)'],
  ])('by OpenSSH is given no %s name that it or a shell would take for something else', async (_of, address, user) => {
    const marker = join(folder, 'it')
    const username = user.replaceAll('it', marker)
    const secret = { username, privateKey: sshd.privateKey }
    const { name } = await credential({ type: 'ssh_key', secret })
    const before = sshd.log()
    expect(await tested(name, { ...address, sshClient: 'openssh' })).toMatchObject({
      isOk: false,
      fault: 'denied',
      message: expect.stringContaining(`OpenSSH is not given "${address?.host ?? username}"`),
    })
    expect([existsSync(marker), sshd.log()]).toEqual([false, before])
  })

  test('by a key agent uses only those that the configuration names', async () => {
    await agent.add(sshd.privateKey)
    const { fingerprint } = describePrivateKey(sshd.privateKey, undefined)
    const secret = { username: sshd.username, socketPath: agent.socketPath, fingerprint }
    const { name } = await credential({ type: 'ssh_agent', secret })
    for (const sshClient of ['ssh2', 'openssh']) expect(await tested(name, { sshClient })).toMatchObject({ isOk: true })
    const elsewhere = await credential({ type: 'ssh_agent', secret: { ...secret, socketPath: '/run/other/agent' } })
    expect(await tested(elsewhere.name)).toMatchObject({
      isOk: false,
      fault: 'denied',
      message: expect.stringContaining('OPSCONDUCTOR_SSH_AGENT_SOCKETS'),
    })
  })

  test('by a key agent is for those who may use the credentials of others, whoever wrote it down', async () => {
    const developer = contextOf(assets.database, { permissions: builtInRoles.developer.permissions, name: 'dev' })
    const name = `credential ${++drawn}`
    await assets.call(api.credentials.create, {
      as: developer,
      body: { name, type: 'ssh_agent', secret: { username: 'root', socketPath: agent.socketPath } },
    })
    const methods = [{ type: 'ssh' as const, config: sshd.address, credential: name }]
    await expect(
      assets.call(api.targets.create, { as: developer, body: { name: `target ${++drawn}`, methods } }),
    ).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('by what the executor’s account has needs the configuration to allow it, and OpenSSH', async () => {
    const secret = { username: sshd.username }
    const { name } = await credential({ type: 'ssh_system', secret })
    expect(await tested(name)).toMatchObject({
      isOk: false,
      message: expect.stringContaining('OPSCONDUCTOR_SSH_SYSTEM_LOGIN'),
    })
    const key = join(folder, 'own-key')
    writeFileSync(key, sshd.privateKey, { mode: 0o600 })
    const configFile = join(folder, 'ssh_config')
    writeFileSync(configFile, `IdentityFile ${key}\nIdentitiesOnly yes\n`)
    await using own = createSshWire({ openssh: { configFile, folder } })
    await using allowed = await openAssets({ ssh: own, local: null }, { isSystemAllowed: true })
    await allowed.call(api.credentials.create, { body: { name: 'own', type: 'ssh_system', secret } })
    const { uuid } = await allowed.addTarget('one', { ...sshd.address, credential: 'own' })
    const { methods } = await allowed.call(api.targets.test, { params: { ref: uuid } })
    expect(methods[0]).toMatchObject({ isOk: true })
  })

  test('without OpenSSH on the executor says what to install', async () => {
    await using bare = createSshWire({ openssh: { configFile: 'none', folder, program: '/nowhere/ssh' } })
    await using other = await openAssets({ ssh: bare, local: null })
    const { privateKey, certificate } = signed
    await other.call(api.credentials.create, {
      body: { name: 'signed', type: 'ssh_certificate', secret: { username: sshd.username, privateKey, certificate } },
    })
    const { uuid } = await other.addTarget('one', { ...sshd.address, credential: 'signed' })
    const { methods } = await other.call(api.targets.test, { params: { ref: uuid } })
    expect(methods[0]).toMatchObject({ isOk: false, message: expect.stringContaining('Install openssh-client') })
  })
})

test('answers and passwords besides keys reach the wire', () => {
  const answers = [{ question: 'code', answer: '123456' }]
  const settings = { agentSockets: [], isSystemAllowed: false }
  expect(
    sshLogin('one', { type: 'ssh_keyboard_interactive', secret: { username: 'root', answers } }, settings),
  ).toEqual({ kind: 'keyboard_interactive', username: 'root', answers })
  expect(
    sshLogin('one', { type: 'password', secret: { username: 'root', password: 'hunter22', answers } }, settings),
  ).toEqual({ kind: 'password', username: 'root', password: 'hunter22', answers })
  expect(
    sshLogin('one', { type: 'ssh_key', secret: { username: 'root', privateKey: 'k', password: 'hunter22' } }, settings),
  ).toEqual({ kind: 'ssh_key', username: 'root', privateKey: 'k', password: 'hunter22' })
})
