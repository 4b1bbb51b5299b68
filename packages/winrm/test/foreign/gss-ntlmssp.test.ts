// Our NTLM against someone else's: the acceptor is gss-ntlmssp behind the system's GSSAPI library.
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { endPointBinding } from '../../src/connection/channel-binding.ts'
import { AuthError, collect } from '../../src/index.ts'
import { gssAcceptor, startWindows } from '../../testing/index.ts'
import { createAuthority } from '../../testing/certificates.ts'
import { connectTo } from '../client.ts'
import { describeWith } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'winrm-ntlm-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'users'), 'EXAMPLE:anna:Secret-1\n')
process.env['NTLM_USER_FILE'] = join(folder, 'users')

const credentials = { type: 'ntlm', username: 'EXAMPLE\\anna', password: 'Secret-1' } as const

describeWith('gss-ntlmssp', ['sh', '-c', 'ls /etc/gss/mech.d/*ntlmssp*'], () => {
  test('takes our log-in, and opens what we seal as we open what it seals', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('ntlm') })
    await using client = await connectTo(windows, { credentials })
    const text = 'some text\n'.repeat(50_000)
    expect((await collect(await client.run('cat', { stdin: text }))).stdout).toBe(text)
    expect(windows.traffic.sealed).toBe(windows.asked.length)
  })

  test('refuses a wrong password', async () => {
    await using windows = await startWindows({ acceptor: gssAcceptor('ntlm') })
    const wrong = connectTo(windows, { credentials: { ...credentials, password: 'wrong' } })
    await expect(wrong).rejects.toThrow(AuthError)
  })

  test('takes our channel binding, and refuses another one', async () => {
    const authority = createAuthority()
    const tls = authority.issue('simulated', 'IP:127.0.0.1')
    const https = { https: true, tls: { ca: authority.cert }, credentials }
    const bound = endPointBinding(new X509Certificate(tls.cert).raw)
    await using windows = await startWindows({ tls, acceptor: gssAcceptor('ntlm', bound) })
    await using client = await connectTo(windows, https)
    expect((await collect(await client.run('echo bound'))).stdout).toBe('bound\r\n')

    const other = endPointBinding(new X509Certificate(authority.issue('x', 'DNS:x').cert).raw)
    await using strict = await startWindows({ tls, acceptor: gssAcceptor('ntlm', other) })
    await expect(connectTo(strict, https)).rejects.toThrow(AuthError)
  })
})
