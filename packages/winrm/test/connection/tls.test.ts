import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AuthError, collect, probe, TlsError, type ConnectOptions } from '../../src/index.ts'
import { startWindows, type Windows } from '../../testing/index.ts'
import { createAuthority, selfSigned } from '../../testing/certificates.ts'
import { anna, annaBasic, connectTo, to } from '../client.ts'

const authority = createAuthority()
const tls = authority.issue('simulated', 'IP:127.0.0.1')
const self = selfSigned()
const fingerprint = new X509Certificate(self.cert).fingerprint256

const hello = async (windows: Windows, more: Partial<ConnectOptions>) => {
  await using client = await connectTo(windows, { https: true, ...more })
  return (await collect(await client.run('echo hello'))).stdout
}

describe('over HTTPS', () => {
  test('a certificate of one’s own authority is trusted, and nothing is sealed twice', async () => {
    await using windows = await startWindows({ tls })
    expect(await hello(windows, { tls: { ca: authority.cert } })).toBe('hello\r\n')
    expect(windows.traffic.sealed).toBe(0)
  })

  test('a certificate nobody vouches for is refused, and the error says its fingerprint', async () => {
    await using windows = await startWindows({ tls: self })
    const error = await hello(windows, {}).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TlsError)
    expect((error as TlsError).fingerprint).toBe(fingerprint.replaceAll(':', '').toLowerCase())
    expect(windows.traffic.requests).toBe(0)
  })

  test('a pinned certificate is trusted, whatever it says; any other is not', async () => {
    await using windows = await startWindows({ tls: self })
    expect(await hello(windows, { tls: { fingerprint } })).toBe('hello\r\n')
    await expect(hello(windows, { tls: { fingerprint: fingerprint.replace(/^../, '00') } })).rejects.toThrow(TlsError)
    await using vouchedFor = await startWindows({ tls })
    await expect(hello(vouchedFor, { tls: { fingerprint, ca: authority.cert } })).rejects.toThrow(/another fingerprint/)
  })

  test('a certificate with another name is refused', async () => {
    await using windows = await startWindows({ tls: authority.issue('other', 'DNS:other.example') })
    await expect(hello(windows, { tls: { ca: authority.cert } })).rejects.toThrow(TlsError)
    expect(await hello(windows, { tls: { ca: authority.cert, servername: 'other.example' } })).toBe('hello\r\n')
  })

  test('a server that wants the log-in bound to the channel gets it so', async () => {
    await using windows = await startWindows({ tls, strictBinding: true })
    expect(await hello(windows, { tls: { ca: authority.cert } })).toBe('hello\r\n')
  })

  test('someone in the middle with another trusted certificate cannot pass the log-in on', async () => {
    // the strict server expects the binding to its own certificate; the client saw the one in the middle
    const inTheMiddle = authority.issue('middle', 'IP:127.0.0.1')
    const { createNtlmAcceptor } = await import('../../testing/ntlm-acceptor.ts')
    const { channelBindingHash } = await import('../../src/connection/channel-binding.ts')
    const channelBinding = channelBindingHash(new X509Certificate(tls.cert).raw)
    await using windows = await startWindows({
      tls: inTheMiddle,
      acceptor: () => createNtlmAcceptor({ passwordOf: () => anna.password, computerName: 'REAL', channelBinding }),
    })
    await expect(hello(windows, { tls: { ca: authority.cert } })).rejects.toThrow(AuthError)
  })

  test('Basic needs no permission', async () => {
    await using windows = await startWindows({ tls })
    const { username, password } = annaBasic
    const more = { credentials: { type: 'basic', username, password }, tls: { ca: authority.cert } } as const
    expect(await hello(windows, more)).toBe('hello\r\n')
  })

  test('a server that speaks no TLS is a TlsError', async () => {
    await using windows = await startWindows()
    await expect(hello(windows, {})).rejects.toThrow(TlsError)
  })
})

describe('a client certificate', () => {
  const client = authority.issue('anna', 'email:anna@example.test')
  const tlsOptions = { ca: authority.cert }

  test('logs in by itself, over TLS 1.2', async () => {
    await using windows = await startWindows({ tls: { ...tls, ca: authority.cert } })
    expect(await hello(windows, { tls: tlsOptions, credentials: { type: 'certificate', ...client } })).toBe('hello\r\n')
    expect(windows.traffic.requests).toBe(5)
  })

  test('nobody knows is an AuthError', async () => {
    await using windows = await startWindows({ tls: { ...tls, ca: authority.cert } })
    const unknown = { tls: tlsOptions, credentials: { type: 'certificate', ...selfSigned() } } as const
    await expect(hello(windows, unknown)).rejects.toThrow(AuthError)
  })

  test('is refused over plain HTTP', async () => {
    await using windows = await startWindows()
    await expect(connectTo(windows, { credentials: { type: 'certificate', ...client } })).rejects.toThrow(/needs HTTPS/)
  })
})

describe('a probe', () => {
  test('reports every phase with its time', async () => {
    await using windows = await startWindows({ tls })
    const report = await probe(to(windows, { https: true, tls: { ca: authority.cert } }))
    expect(report.isPassed).toBe(true)
    expect(report.phases.map(({ phase }) => phase)).toEqual(['dns', 'connect', 'tls', 'authentication', 'command'])
    expect(report.phases.every(({ isPassed, ms }) => isPassed && ms >= 0)).toBe(true)
    expect(report.fingerprint).toMatch(/^[0-9a-f]{64}$/)
  })

  test('stops at the phase that fails, and tells the fingerprint to be pinned', async () => {
    await using windows = await startWindows({ tls: self })
    const report = await probe(to(windows, { https: true }))
    expect(report.isPassed).toBe(false)
    expect(report.phases.map(({ phase, isPassed }) => [phase, isPassed])).toEqual([
      ['dns', true],
      ['connect', true],
      ['tls', false],
    ])
    expect(report.fingerprint).toBe(fingerprint.replaceAll(':', '').toLowerCase())
  })

  test('tells a wrong password from a wrong address', async () => {
    await using windows = await startWindows({ allowUnencrypted: true })
    const failed = async (more: Partial<ConnectOptions>) => (await probe(to(windows, more))).phases.at(-1)
    expect(await failed({ credentials: { ...anna, password: 'x' } })).toMatchObject({
      phase: 'authentication',
      isPassed: false,
    })
    expect(await failed({ credentials: { ...annaBasic, password: 'x' } })).toMatchObject({
      phase: 'authentication',
      isPassed: false,
    })
    expect(await failed({ port: 1 })).toMatchObject({ phase: 'connect', isPassed: false })
    expect(await failed({ host: 'no-such-name.invalid' })).toMatchObject({ phase: 'dns', isPassed: false })
  })
})
