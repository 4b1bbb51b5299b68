import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { collect } from '../../src/index.ts'
import { startWindows } from '../../testing/index.ts'
import { connectTo } from '../client.ts'
import { captureBefore } from './capture.ts'
import { describeWith, run } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'winrm-capture-'))
afterAll(() => rmSync(folder, { recursive: true }))

describeWith('tshark', ['tshark', '--version'], () => {
  test('it confirms our log-in, and finds nothing malformed', async () => {
    await using windows = await startWindows({ users: { anna: 'Secret-1' } })
    await using capture = await captureBefore(windows.port)
    const credentials = { type: 'ntlm', username: 'anna', password: 'Secret-1' } as const
    {
      await using client = await connectTo(windows, { port: capture.port, credentials })
      const text = 'x'.repeat(50_000)
      expect((await collect(await client.run('cat', { stdin: text }))).stdout).toBe(text)
    }
    const file = join(folder, 'conversation.pcap')
    writeFileSync(file, capture.file())

    const read = (...args: string[]) => run('tshark', ['-r', file, '-o', 'ntlmssp.nt_password:Secret-1', ...args])
    const expert = await read('-q', '-z', 'expert')
    expect(expert.stdout).toContain('NTLMv2 authenticated')
    expect(expert.stdout).not.toMatch(/Malformed|Errors \(|Warnings \(/i)
    const posts = await read('-Y', 'http.request.method == "POST"', '-T', 'fields', '-e', 'http.content_type')
    const kinds = posts.stdout.trim().split('\n')
    expect(kinds.filter((kind) => kind.includes('HTTP-SPNEGO-session-encrypted'))).toHaveLength(windows.asked.length)
    expect(kinds).toHaveLength(windows.asked.length + 2)
  })
})
