import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endPointBinding } from '../../src/connection/channel-binding.ts'
import { AuthError, collect, type Credentials } from '../../src/index.ts'
import { gssAcceptor, startWindows, type Windows } from '../../testing/index.ts'
import { createAuthority } from '../../testing/certificates.ts'
import { connectTo } from '../client.ts'
import { kerberosAvailable, startRealm } from '../../testing/realm.ts'

const anna = { type: 'kerberos', username: 'anna@EXAMPLE.TEST', password: 'Secret-1' } as const satisfies Credentials

const hello = async (windows: Windows, credentials: Credentials = anna) => {
  await using client = await connectTo(windows, { host: 'localhost', credentials })
  return (await collect(await client.run('sh', { args: ['-c', 'echo hello; head -c 200000 /dev/zero | wc -c'] })))
    .stdout
}

describe.skipIf(!kerberosAvailable('Kerberos'))('with a realm of MIT’s', () => {
  let realm: Awaited<ReturnType<typeof startRealm>>
  beforeAll(async () => {
    realm = await startRealm('Secret-1')
  })
  afterAll(() => realm.stop())

  test('Kerberos logs in by password and seals every message', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('kerberos') })
    expect(await hello(windows)).toBe('hello\n200000\n')
    const { connections, requests, sealed } = windows.traffic
    // one request for the log-in, and nothing in clear after it
    expect([connections, requests - sealed, sealed]).toEqual([1, 1, windows.asked.length])
  })

  test('where there is no service HTTP the machine’s own name is asked for', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('kerberos') })
    await using client = await connectTo(windows, { credentials: anna })
    expect((await collect(await client.run('echo host'))).stdout).toBe('host\r\n')
  })

  test('many messages in both directions stay in step', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('kerberos') })
    await using client = await connectTo(windows, { host: 'localhost', credentials: anna })
    const text = 'some text\n'.repeat(100_000)
    expect((await collect(await client.run('cat', { stdin: text }))).stdout).toBe(text)
  })

  test('a wrong password is an AuthError in Kerberos’ words', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('kerberos') })
    const wrong = hello(windows, { ...anna, password: 'wrong' })
    await expect(wrong).rejects.toThrow(AuthError)
    await expect(wrong).rejects.toThrow(/Preauthentication failed|Decrypt integrity|password/i)
  })

  test('no ticket at all is an AuthError', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('kerberos') })
    await expect(hello(windows, { type: 'kerberos' })).rejects.toThrow(/credentials/i)
  })

  test('a service the realm does not know is an AuthError', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('kerberos') })
    const other = { ...anna, servicePrincipalName: 'HTTP/other@EXAMPLE.TEST' }
    await expect(hello(windows, other)).rejects.toThrow(/not found in Kerberos database/)
  })

  test('over TLS the log-in is bound to the channel', async () => {
    const authority = createAuthority()
    const tls = authority.issue('localhost', 'DNS:localhost')
    const bound = endPointBinding(new X509Certificate(tls.cert).raw)
    const https = { host: 'localhost', https: true, tls: { ca: authority.cert }, credentials: anna }
    await using windows = await startWindows({ tls, acceptor: gssAcceptor('kerberos', bound) })
    await using client = await connectTo(windows, https)
    expect((await collect(await client.run('echo bound'))).stdout).toBe('bound\r\n')

    const other = endPointBinding(new X509Certificate(authority.issue('x', 'DNS:x').cert).raw)
    await using strict = await startWindows({ tls, acceptor: gssAcceptor('kerberos', other) })
    await expect(connectTo(strict, https)).rejects.toThrow(AuthError)
  })
})
