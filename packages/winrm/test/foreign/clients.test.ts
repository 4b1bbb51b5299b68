// Others' clients against the simulated Windows: what they take for Windows is close enough to it for our own tests.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createEndpoint } from '../../src/wsman/endpoint.ts'
import { Action } from '../../src/wsman/namespaces.ts'
import { CMD_SHELL_URI, createBody, shellOptions } from '../../src/winrs/requests.ts'
import { startWindows, type PowerShell } from '../../testing/index.ts'
import { describeWith, PYTHON, run } from './program.ts'

const users = { anna: 'Secret-1' }
const folder = mkdtempSync(join(tmpdir(), 'winrm-foreign-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Python's NTLM takes MD4 from OpenSSL, which gives it away only when told so. */
const legacy = {
  OPENSSL_CONF: file(
    'legacy.cnf',
    'openssl_conf = a\n[a]\nproviders = b\n[b]\ndefault = c\nlegacy = c\n[c]\nactivate = 1\n',
  ),
}

const pywinrm = file(
  'client.py',
  `
import sys, winrm
port, transport, encryption = sys.argv[1:4]
session = winrm.Session('http://127.0.0.1:%s/wsman' % port, auth=('anna', 'Secret-1'), transport=transport, message_encryption=encryption)
for answer in (session.run_cmd('echo', ['hello']), session.run_cmd('sh -c "echo wrong 1>&2; exit 3"'), session.run_ps('echo from PowerShell; exit 5')):
    print(answer.status_code, answer.std_out, answer.std_err)
`,
)
const PYWINRM_SAYS = "0 b'hello\\r\\n' b''\n3 b'' b'wrong\\n'\n5 b'from PowerShell\\n' b''\n"

describeWith('python3-winrm', [PYTHON, '-c', 'import winrm, requests_ntlm'], () => {
  test('NTLM with message encryption', async () => {
    await using windows = await startWindows({ users })
    const said = await run(PYTHON, [pywinrm, String(windows.port), 'ntlm', 'always'], legacy)
    expect(said).toEqual({ exitCode: 0, stdout: PYWINRM_SAYS, stderr: expect.any(String) as string })
    expect(windows.traffic.sealed).toBe(windows.asked.length)
  })

  test('Basic', async () => {
    await using windows = await startWindows({ users, allowUnencrypted: true })
    const said = await run(PYTHON, [pywinrm, String(windows.port), 'basic', 'never'])
    expect(said.stdout).toBe(PYWINRM_SAYS)
  })

  test('a wrong password is refused', async () => {
    await using windows = await startWindows({ users: { anna: 'another' } })
    const said = await run(PYTHON, [pywinrm, String(windows.port), 'ntlm', 'always'], legacy)
    expect(said.stderr).toContain('InvalidCredentialsError')
  })
})

describeWith('curl', ['curl', '--version'], () => {
  test('NTLM without sealing, where the server allows it', async () => {
    await using windows = await startWindows({ users, allowUnencrypted: true })
    let envelope = ''
    const endpoint = createEndpoint({ to: 'http://127.0.0.1/wsman', operationTimeoutMs: 5_000, slackMs: 5_000 })
    const lane = {
      pending: 0,
      post: async (body: Buffer) => {
        envelope = body.toString()
        throw new Error('only written')
      },
      enter: async () => {},
      close: () => {},
    }
    const create = {
      action: Action.create,
      resourceUri: CMD_SHELL_URI,
      options: shellOptions({}),
      body: createBody({}),
    }
    await expect(endpoint.ask(lane, create)).rejects.toThrow('only written')

    const type = 'Content-Type: application/soap+xml;charset=UTF-8'
    const url = `http://127.0.0.1:${windows.port}/wsman`
    const said = await run('curl', ['-s', '--ntlm', '-u', 'anna:Secret-1', '-H', type, '-d', envelope, url])
    expect(said.stdout).toContain('ResourceCreated')
    expect(windows.shellCount).toBe(1)
  })
})

describeWith('ansible-core', ['ansible', '--version'], () => {
  test('its raw module, NTLM with message encryption', async () => {
    await using windows = await startWindows({ users })
    const host = [
      'simulated ansible_host=127.0.0.1 ansible_connection=winrm ansible_user=anna ansible_password=Secret-1',
      `ansible_port=${windows.port} ansible_winrm_scheme=http ansible_winrm_transport=ntlm`,
      'ansible_winrm_message_encryption=always ansible_shell_type=cmd',
    ]
    const inventory = file('inventory', `${host.join(' ')}\n`)
    const said = await run('ansible', ['-i', inventory, 'simulated', '-m', 'raw', '-a', 'echo from ansible'], legacy)
    expect(said.stdout).toContain('rc=0')
    expect(said.stdout).toContain('from ansible')
    expect(windows.traffic.sealed).toBe(windows.asked.length)
  })
})

/** The script with which winrmcp puts a file together, in as much PowerShell as that takes. */
const winrmcpRestore: PowerShell = async (script, { environment }) => {
  const source = /"\$env:TEMP\\([^"]+)"/.exec(script)?.[1]
  const destination = /GetFullPath\("([^"]*)"\.Trim/.exec(script)?.[1]
  if (source === undefined || destination === undefined) return 0
  const lines = readFileSync(`${environment['TEMP']}\\${source}`, 'latin1')
  rmSync(`${environment['TEMP']}\\${source}`)
  const bytes = lines.split('\n').map((line) => Buffer.from(line, 'base64'))
  writeFileSync(destination.replaceAll('\\', '/'), Buffer.concat(bytes))
  return 0
}

describeWith('winrmcp', ['winrmcp', '-help'], () => {
  test('copies a file by a hundred commands', async () => {
    await using windows = await startWindows({ users, allowUnencrypted: true, powerShell: winrmcpRestore })
    const content = 'Some text, and more of it.\n'.repeat(5_000)
    const destination = join(windows.home, 'copied.txt')
    const to = ['-addr', `127.0.0.1:${windows.port}`, '-user', 'anna', '-pass', 'Secret-1']
    const said = await run('winrmcp', [...to, file('original.txt', content), destination])
    expect(said.stderr).toBe('')
    expect(readFileSync(destination, 'utf8')).toBe(content)
  })
})
