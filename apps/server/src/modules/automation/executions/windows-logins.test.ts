import { api, type JobDocumentInput, type MethodInput, type NewCredential } from '@opsconductor/contract'
import {
  createAuthority,
  gssAcceptor,
  kerberosAvailable,
  selfSigned,
  startRealm,
  startWindows,
  type WindowsMachine,
} from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../../../../test/app.ts'
import { until } from '../../../../test/until.ts'

let app: TestApp
let drawn = 0
beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app?.[Symbol.asyncDispose]())

const addCredential = async (body: Omit<NewCredential, 'name'>) => {
  const name = `credential ${++drawn}`
  await app.admin(api.credentials.create, { body: { name, ...body } as NewCredential })
  return name
}
const anna = () => addCredential({ type: 'password', secret: { username: 'anna', password: 'Pa$$wörd' } })

const addTarget = (config: object, credential: string) =>
  app.admin(api.targets.create, {
    body: {
      name: `windows-${++drawn}`,
      osType: 'windows',
      methods: [{ type: 'winrm', config, credential } as MethodInput],
    },
  })

const tested = async ({ uuid }: { uuid: string }) => {
  const { methods } = await app.admin(api.targets.test, { params: { ref: uuid }, query: {}, body: {} })
  return methods[0]
}

/** Runs `echo` there, by cmd. */
const ran = async ({ uuid }: { uuid: string }) => {
  const document: JobDocumentInput = {
    name: `job ${++drawn}`,
    targets: [uuid],
    steps: [{ type: 'winrm.exec', shell: 'cmd', mode: 'attached', command: 'echo let in' }],
  }
  const { serial } = await app.admin(api.jobs.create, { body: document })
  const { uuid: ref } = await app.admin(api.executions.start, { params: { ref: serial }, body: {} })
  await until(async () => (await app.admin(api.executions.read, { params: { ref } })).finishedAt !== null, 60_000)
  const { items } = await app.admin(api.executions.steps, { params: { ref, number: 1 } })
  const raw = await app.admin.raw(api.executions.rawOutput, { params: { ref, number: 1 }, query: {} })
  const [step] = items
  return { status: step?.status, fault: step?.fault, message: step?.message, text: await raw.text() }
}
const letIn = { status: 'completed', fault: null, text: 'let in\r\n' }

/** Over HTTPS, and what is said of it to the method. */
const start = async (options: WindowsMachine) => {
  const windows = await startWindows(options)
  return { windows, config: { host: windows.host, port: windows.port, https: true } }
}

describe('a certificate that is pinned', () => {
  test('is the one met first, and another one is refused until somebody forgets it', async () => {
    const first = selfSigned()
    const { windows, config } = await start({ tls: first })
    const target = await addTarget(config, await anna())
    expect(await tested(target)).toMatchObject({ isOk: true })
    const { items } = await app.admin(api.targets.hostKeys, { params: { ref: target.uuid } })
    expect(items).toMatchObject([{ algorithm: 'x509', fingerprint: expect.stringMatching(/^SHA256:[0-9a-f]{64}$/) }])
    const pinned = items[0]?.fingerprint ?? ''
    expect(await ran(target)).toMatchObject(letIn)
    await windows.close()

    await using changed = await startWindows({ tls: selfSigned(), port: config.port })
    const untrusted = { fault: 'untrusted', message: expect.stringContaining(pinned) as string }
    expect(await tested(target)).toMatchObject({
      isOk: false,
      ...untrusted,
      phases: expect.arrayContaining([expect.objectContaining({ phase: 'host_key', status: 'failed' })]) as unknown,
    })
    expect(await ran(target)).toMatchObject({ status: 'failed', text: '', ...untrusted })
    expect(changed.traffic.requests).toBe(0) // it was not told who asks

    const method = target.methods[0]?.uuid ?? ''
    await app.admin(api.targets.forgetHostKeys, { params: { ref: target.uuid, method } })
    expect(await ran(target)).toMatchObject(letIn)
    expect(await tested(target)).toMatchObject({ isOk: true })
  })

  test('is pinned by an execution, too', async () => {
    const { windows, config } = await start({ tls: selfSigned() })
    await using _windows = windows
    const target = await addTarget(config, await anna())
    expect(await ran(target)).toMatchObject(letIn)
    const { items } = await app.admin(api.targets.hostKeys, { params: { ref: target.uuid } })
    expect(items).toMatchObject([{ pinnedBy: 'execution' }])
  })
})

test('a certificate of one’s own authority is believed, and one of another is not', async () => {
  const authority = createAuthority()
  const { windows, config } = await start({ tls: authority.issue('simulated', 'IP:127.0.0.1') })
  await using _windows = windows
  const credential = await anna()
  const believing = (caCertificate?: string) =>
    addTarget({ ...config, certificateTrust: 'authority', ...(caCertificate ? { caCertificate } : {}) }, credential)
  const target = await believing(authority.cert)
  expect(await tested(target)).toMatchObject({ isOk: true })
  expect(await ran(target)).toMatchObject(letIn)
  for (const ca of [createAuthority().cert, undefined]) {
    const other = await believing(ca)
    const untrusted = { fault: 'untrusted', message: expect.stringContaining('not trusted') as string }
    expect(await tested(other)).toMatchObject({ isOk: false, ...untrusted })
    expect(await ran(other)).toMatchObject({ status: 'failed', text: '', ...untrusted })
  }
})

describe('a client certificate', () => {
  const authority = createAuthority()
  const tls = { ...authority.issue('simulated', 'IP:127.0.0.1'), ca: authority.cert }
  const trust = { auth: 'certificate', certificateTrust: 'authority', caCertificate: authority.cert }
  const certificate = ({ cert, key }: { cert: string; key: string }) =>
    addCredential({ type: 'certificate', secret: { certificate: cert, privateKey: key } })

  test('logs in by itself', async () => {
    const { windows, config } = await start({ tls })
    await using _windows = windows
    const target = await addTarget(
      { ...config, ...trust },
      await certificate(authority.issue('anna', 'email:anna@example.org')),
    )
    expect(await tested(target)).toMatchObject({ isOk: true })
    expect(await ran(target)).toMatchObject(letIn)
  })

  test('that nobody there knows is denied', async () => {
    const { windows, config } = await start({ tls })
    await using _windows = windows
    const target = await addTarget({ ...config, ...trust }, await certificate(selfSigned()))
    const denied = { fault: 'denied' }
    expect(await tested(target)).toMatchObject({ isOk: false, ...denied })
    expect(await ran(target)).toMatchObject({ status: 'failed', ...denied })
  })
})

describe.skipIf(!kerberosAvailable('Kerberos through the server'))('a log-in by Kerberos', () => {
  let realm: Awaited<ReturnType<typeof startRealm>>
  beforeAll(async () => {
    realm = await startRealm('Secret-1')
  })
  afterAll(() => realm?.stop())

  const logIn = (secret: { username: string; password: string; domain?: string }) =>
    addCredential({ type: 'password', secret })
  /** Over plain HTTP, where every message is sealed. */
  const target = async (port: number, credential: string) =>
    addTarget({ host: 'localhost', port, https: false, auth: 'kerberos' }, credential)

  test.each([
    { username: 'anna', domain: 'example.test' },
    { username: 'anna@EXAMPLE.TEST' },
    { username: String.raw`example.test\anna` },
  ])('takes the name in every form: %o', async (name) => {
    await using windows = await startWindows({ acceptor: gssAcceptor('kerberos') })
    const machine = await target(windows.port, await logIn({ ...name, password: 'Secret-1' }))
    expect(await tested(machine)).toMatchObject({ isOk: true })
    expect(await ran(machine)).toMatchObject(letIn)
    expect(windows.traffic.sealed).toBeGreaterThan(0)
  })

  test('with a wrong password is denied in Kerberos’ words', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('kerberos') })
    const machine = await target(windows.port, await logIn({ username: 'anna@EXAMPLE.TEST', password: 'wrong' }))
    const denied = { fault: 'denied', message: expect.stringMatching(/Preauthentication|Decrypt|password/i) as string }
    expect(await tested(machine)).toMatchObject({ isOk: false, ...denied })
    expect(await ran(machine)).toMatchObject({ status: 'failed', ...denied })
  })

  test('without a credential needs the configuration to allow the executor’s own ticket', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('kerberos') })
    const machine = await target(windows.port, 'none')
    expect(await tested(machine)).toMatchObject({
      isOk: false,
      fault: 'denied',
      message: expect.stringContaining('OPSCONDUCTOR_KERBEROS_TICKETS') as string,
    })
  })
})
