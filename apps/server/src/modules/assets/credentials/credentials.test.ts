import { execFileSync } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { createAuthority, findProgram, sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenAssets, openAssets } from '../../../../test/assets.ts'
import { contextOf } from '../../../../test/context.ts'

let assets: OpenAssets
beforeAll(async () => {
  assets = await openAssets()
})
afterAll(() => assets[Symbol.asyncDispose]())

const rotate = (ref: string, body: Record<string, unknown>, ifRevision?: number) =>
  assets.call(api.credentials.rotate, { params: { ref }, body, ...(ifRevision === undefined ? {} : { ifRevision }) })

test('a secret goes in and never comes out: not in answers, audit lines or the database', async () => {
  const secret = { username: 'ops', password: 'correct horse battery' }
  const made = await assets.call(api.credentials.create, { body: { name: 'silent', type: 'password', secret } })
  expect(made).toMatchObject({ username: 'ops', secretVersion: 1, targetCount: 0, lastUsedAt: null, fingerprint: null })
  const listed = await assets.call(api.credentials.list, { query: { q: 'SILENT', type: 'password' } })
  expect(listed.items).toEqual([made])
  const dump = JSON.stringify([made, listed, await assets.auditLines()])
  const [row] = await assets.database.asOwner(`select c::text as text from assets.credentials c where name = 'silent'`)
  expect(`${dump}${JSON.stringify(row)}`).not.toContain('correct horse')
})

test('rotating seals the new secret under the next version, in the shape of the type', async () => {
  const { uuid, revision } = await assets.addPassword('turning')
  const rotated = await rotate('Turning', { username: 'newcomer', password: 'hunter33' }, revision)
  expect(rotated).toMatchObject({ uuid, username: 'newcomer', secretVersion: 2, revision: 2 })
  await expect(rotate(uuid, { username: 'ops', password: 'hunter44' }, revision)).rejects.toMatchObject({
    code: 'changed_meanwhile',
  })
  await expect(rotate(uuid, { username: 'ops', privateKey: 'x', password: 'abc' })).rejects.toMatchObject({
    code: 'invalid',
    fields: expect.arrayContaining([
      { path: 'password', message: expect.stringContaining('at least 4') },
      { path: 'privateKey', message: expect.stringContaining('no such field') },
    ]),
  })
  const line = (await assets.auditLines()).findLast(({ action }) => action === 'credentials.rotate')
  expect(line).toMatchObject({ subjectName: 'turning', details: { secretVersion: 2 } })
})

test('a credential in use is not archived, and the refusal names who uses it', async () => {
  const { uuid: ref } = await assets.addPassword('needed')
  const targets = []
  for (let n = 1; n <= 7; n++) targets.push(await assets.addTarget(`needs-${n}`, { credential: 'needed' }))
  const archive = () => assets.call(api.credentials.archive, { params: { ref } })
  await expect(archive()).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('needs-1, needs-2, needs-3, needs-4, needs-5 and 2 more'),
  })
  for (const target of targets) await assets.call(api.targets.archive, { params: { ref: target.uuid } })
  expect(await archive()).toMatchObject({ archivedAt: expect.any(String), targetCount: 0 })

  const first = targets[0]?.uuid ?? ''
  await expect(assets.call(api.targets.restore, { params: { ref: first } })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('needed'),
  })
  await expect(assets.addTarget('too-late', { credential: ref })).rejects.toMatchObject({ code: 'invalid' })
  await assets.call(api.credentials.restore, { params: { ref } })
  expect(await assets.call(api.targets.restore, { params: { ref: first } })).toMatchObject({ archivedAt: null })
})

test('a credential cannot be archived in the moment in which a target takes it', async () => {
  for (let round = 0; round < 5; round++) {
    const { uuid: ref } = await assets.addPassword(`contended-${round}`)
    await Promise.allSettled([
      assets.call(api.credentials.archive, { params: { ref } }),
      assets.addTarget(`contender-${round}`, { credential: ref }),
    ])
    const { archivedAt, targetCount } = await assets.call(api.credentials.read, { params: { ref } })
    expect(archivedAt === null ? targetCount : 1 - targetCount).toBe(1)
  }
})

test('names are unique, and those that mean something else are refused', async () => {
  await assets.addPassword('Once')
  await expect(assets.addPassword('oNCE')).rejects.toMatchObject({ code: 'name_taken' })
  await expect(assets.addPassword('None')).rejects.toMatchObject({ code: 'invalid', fields: [{ path: 'name' }] })
  const { uuid: ref } = await assets.addPassword('twice')
  await expect(assets.call(api.credentials.update, { params: { ref }, body: { name: 'once' } })).rejects.toMatchObject({
    code: 'name_taken',
  })
  expect(
    await assets.call(api.credentials.update, { params: { ref: 'twice' }, body: { name: 'Twice', description: 'x' } }),
  ).toMatchObject({ name: 'Twice', description: 'x', revision: 2 })
})

test('a change that changes nothing raises no revision and leaves no audit line', async () => {
  const { uuid: ref, revision, name } = await assets.addPassword('unchanged')
  const lines = await assets.auditLines()
  for (const body of [{}, { name }, { description: '' }])
    expect(await assets.call(api.credentials.update, { params: { ref }, body })).toMatchObject({ name, revision })
  expect(await assets.auditLines()).toEqual(lines)
})

test('nobody does what their permissions do not say', async () => {
  const { uuid: ref } = await assets.addPassword('guarded')
  const as = contextOf(assets.database, { permissions: ['credentials.read'] })
  const params = { ref }
  expect(await assets.call(api.credentials.read, { as, params })).toMatchObject({ name: 'guarded' })
  for (const attempt of [
    assets.call(api.credentials.rotate, { as, params, body: {} }),
    assets.call(api.credentials.delete, { as, params }),
    assets.call(api.credentials.list, { as: contextOf(assets.database, { permissions: [] }), query: {} }),
  ]) {
    await expect(attempt).rejects.toMatchObject({ code: 'forbidden' })
  }
})

const addKey = (name: string, secret: { privateKey: string; passphrase?: string }) =>
  assets.call(api.credentials.create, { body: { name, type: 'ssh_key', secret: { username: 'ops', ...secret } } })

describe.skipIf(!sshdAvailable('SSH keys made by ssh-keygen'))('an SSH key', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'opsconductor-keys-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const make = (name: string, ...options: string[]) => {
    const path = join(folder, name)
    const keygen = findProgram('ssh-keygen') ?? ''
    execFileSync(keygen, ['-q', '-f', path, ...(options.includes('-N') ? [] : ['-N', '']), ...options])
    const fingerprint = execFileSync(keygen, ['-l', '-f', `${path}.pub`])
      .toString()
      .split(' ')[1]
    return { privateKey: readFileSync(path, 'utf8'), fingerprint }
  }

  test.each([
    ['ed25519', ['-t', 'ed25519']],
    ['rsa', ['-t', 'rsa', '-b', '2048']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '384']],
    ['rsa-pem', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
    ['ecdsa-pem', ['-t', 'ecdsa', '-m', 'PEM']],
    ['rsa-pkcs8', ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8']],
  ])('of the kind %s is kept with the fingerprint that ssh-keygen tells', async (kind, options) => {
    const { privateKey, fingerprint } = make(kind, ...options)
    expect(await addKey(kind, { privateKey })).toMatchObject({ username: 'ops', fingerprint })
    expect(await addKey(`${kind} from Windows`, { privateKey: privateKey.replaceAll('\n', '\r\n') })).toMatchObject({
      fingerprint,
    })
  })

  test.each([
    ['OpenSSH', ['-t', 'ed25519']],
    ['PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
  ])('with a passphrase (%s) opens with that and nothing else', async (kind, options) => {
    const { privateKey, fingerprint } = make(`locked-${kind}`, ...options, '-N', 'open sesame')
    const add = (passphrase?: string) =>
      addKey(`locked ${kind}`, passphrase === undefined ? { privateKey } : { privateKey, passphrase })
    await expect(add()).rejects.toMatchObject({
      code: 'invalid',
      fields: [{ path: 'secret.passphrase', message: expect.stringContaining('protected by a passphrase') }],
    })
    await expect(add('open barley')).rejects.toMatchObject({
      fields: [{ path: 'secret.passphrase', message: expect.stringContaining('does not fit this key') }],
    })
    expect(await add('open sesame')).toMatchObject({ fingerprint })
    await expect(
      rotate(`locked ${kind}`, { username: 'ops', privateKey, passphrase: 'open barley' }),
    ).rejects.toMatchObject({ fields: [{ path: 'passphrase' }] })
  })

  test('that is none is refused without repeating it', async () => {
    const publicKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    for (const privateKey of ['hunter22', publicKey, '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n']) {
      const refused = await addKey('no key', { privateKey }).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'invalid', fields: [{ path: 'secret.privateKey' }] })
      expect(String(refused)).not.toContain(privateKey)
    }
  })
})

describe('a client certificate', () => {
  const authority = createAuthority()
  const pair = authority.issue('anna', 'email:anna@example.org')
  const lockedKey = createPrivateKey(pair.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
    .toString()
  let drawn = 0
  const secretOf = (more: object) => ({ certificate: pair.cert, privateKey: pair.key, ...more })
  const add = (more: object = {}) =>
    assets.call(api.credentials.create, {
      body: { name: `certificate ${++drawn}`, type: 'certificate', secret: secretOf(more) },
    })

  test('is taken with its key, and opens with its passphrase and nothing else', async () => {
    expect(await add()).toMatchObject({ type: 'certificate', username: null, fingerprint: null })
    const { uuid } = await add({ privateKey: lockedKey, passphrase: 'open sesame' })
    for (const passphrase of [undefined, 'open barley'])
      await expect(add({ privateKey: lockedKey, passphrase })).rejects.toMatchObject({
        code: 'invalid',
        fields: [{ path: 'secret.passphrase' }],
      })
    await expect(rotate(uuid, secretOf({ privateKey: lockedKey, passphrase: 'open barley' }))).rejects.toMatchObject({
      fields: [{ path: 'passphrase', message: expect.stringContaining('does not fit') }],
    })
  })

  test('for another key is refused', async () => {
    await expect(add({ privateKey: authority.issue('bob', 'email:bob@example.org').key })).rejects.toMatchObject({
      fields: [{ path: 'secret.certificate', message: 'This certificate is for another key.' }],
    })
  })

  test.each([
    ['certificate', 'hunter22'],
    ['certificate', pair.key],
    ['privateKey', 'hunter22'],
    ['privateKey', pair.cert],
  ])('whose %s is none is refused without repeating it', async (field, text) => {
    const refused = await add({ [field]: text }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'invalid', fields: [{ path: `secret.${field}` }] })
    expect(JSON.stringify(refused) + String(refused)).not.toContain(text.trim().split('\n').at(-2) ?? text)
  })
})
