import { describe, expect, test } from 'vitest'
import { collect, connect, RemoteFault, ShellLostError } from '../../src/index.ts'
import { receiveBody } from '../../src/winrs/requests.ts'
import { Action, Ns } from '../../src/wsman/namespaces.ts'
import { child, readXml, type XmlElement } from '../../src/wsman/xml-reader.ts'
import { annaBasic } from '../client.ts'
import { dialogue, replay, shapeOf } from '../dialogues.ts'

const connectTo = (port: number) => connect({ host: '127.0.0.1', port, credentials: annaBasic, path: '/wsman' })

const actionOf = (envelope: string) => child(child(readXml(envelope), Ns.soap, 'Header'), Ns.addressing, 'Action')?.text

/** Numbers of messages and sessions differ by nature, the host too; the rest is compared. */
const isIncidental = ({ name, attributes }: XmlElement) =>
  ['MessageID', 'SessionId', 'To', 'IdleTimeOut', 'OperationTimeout'].includes(name) ||
  // options of our own choosing
  /^(?:WINRS_|WSMAN_CMDSHELL_)/.test(attributes.get('Name') ?? '') ||
  name === 'OptionSet'

/** What is the same question in other words: how the line is cut into command and arguments, which signal ends it. */
const inOneWord = (lines: readonly string[]) => {
  const text = lines.join('\n')
  return text
    .replaceAll(/\n *\{[^}]*\}Arguments /g, ' ')
    .replace(/signal\/\w+/, 'signal/…')
    .replace(/}DesiredStream CommandId=\S+/, '}DesiredStream …')
}

/** All questions of a dialogue, to be compared with those of another. */
const questions = (envelopes: readonly string[]) =>
  envelopes.map((envelope) => inOneWord(shapeOf(envelope, isIncidental)))

describe('recorded dialogues with real Windows hosts', () => {
  test.each([
    ['test_winrs_standard', {}, 'cmd.exe /c echo hi', /^hi\r\n$/],
    ['test_winrs_noprofile', { noProfile: true }, 'powershell.exe $env:userprofile', /\S/],
    [
      'test_winrs_extra_opts',
      { workingDirectory: 'C:\\Windows', idleTimeoutMs: 60_000 },
      'powershell.exe (pwd).Path',
      /^C:.Windows\r\n$/,
    ],
    ['test_winrs_environment', { environment: { env1: 'var1', '1234': '5678' } }, 'cmd.exe /c set', /env1=var1/],
  ])(
    '%s: the same questions in the same order, and the answers are understood',
    async (name, settings, line, stdout) => {
      const exchanges = dialogue('winrs', name)
      await using server = await replay(exchanges)
      await using client = await connectTo(server.port)
      {
        await using shell = await client.shell(settings)
        const said = await collect(await shell.run(line))
        expect(said.exitCode).toBe(0)
        expect(said.stdout).toMatch(stdout)
      }
      expect(server.asked.map(actionOf)).toEqual(exchanges.map(({ request }) => actionOf(request)))
    },
  )

  test('test_winrs_standard: every question is the recorded one, element by element', async () => {
    const exchanges = dialogue('winrs', 'test_winrs_standard')
    await using server = await replay(exchanges)
    await using client = await connectTo(server.port)
    const shell = await client.shell()
    await collect(await shell.run('cmd.exe /c echo hi'))
    await shell.close()
    expect(questions(server.asked)).toEqual(questions(exchanges.map(({ request }) => request)))
  })

  test('the shell is created with its elements in the recorded order', async () => {
    const [create] = dialogue('winrs', 'test_winrs_extra_opts')
    await using server = await replay([create!])
    await using client = await connectTo(server.port)
    await client.shell({ workingDirectory: 'C:\\Windows', idleTimeoutMs: 60_000 })
    const names = (envelope: string) =>
      child(child(readXml(envelope), Ns.soap, 'Body'), Ns.shell, 'Shell')!.children.map(({ name }) => name)
    const theirs = names(create!.request).filter((name) => name !== 'Lifetime' && name !== 'Name')
    expect(names(server.asked[0]!)).toEqual(theirs)
  })

  test('variables may have any characters in their names', async () => {
    const [create, ...rest] = dialogue('winrs', 'test_winrs_environment')
    await using server = await replay([create!, ...rest])
    await using client = await connectTo(server.port)
    const name = '_-(){}[]<>*+-/\\?"!@#$^&|;:i,.`~0'
    await using shell = await client.shell({ environment: { env1: 'var1', '1234': '5678', [name]: name } })
    const environment = (envelope: string) =>
      shapeOf(envelope)
        .filter((line) => line.includes('}Variable'))
        .sort((a, b) => a.localeCompare(b))
    expect(environment(server.asked[0]!)).toEqual(environment(create!.request))
    expect((await collect(await shell.run('cmd.exe /c set'))).stdout).toContain('env1=var1')
  })

  test('test_winrs_no_cmd_shell: a program that is not found is a fault of the provider, and the shell goes on', async () => {
    const exchanges = dialogue('winrs', 'test_winrs_no_cmd_shell')
    await using server = await replay(exchanges)
    await using client = await connectTo(server.port)
    await using shell = await client.shell()
    const fault = await shell
      .run('powershell.exe Write-Host hi', { skipCmdShell: true })
      .catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(RemoteFault)
    expect(fault).toMatchObject({
      code: 2147942402,
      subcode: 'InternalError',
      providerText: 'The system cannot find the file specified.',
    })
    const path = String.raw`C:\Windows\system32\WindowsPowerShell\v1.0\powershell.exe Write-Host hi`
    expect((await collect(await shell.run(path, { skipCmdShell: true }))).stdout).toBe('hi\n')
  })

  test('test_winrs_bad_cmd_id: a command the server does not know is lost', async () => {
    const exchanges = dialogue('winrs', 'test_winrs_bad_cmd_id')
    await using server = await replay(exchanges)
    await using client = await connectTo(server.port)
    await using shell = await client.shell()
    const command = await shell.run('cmd.exe /c echo hi')
    await expect(command.exit).rejects.toThrow(ShellLostError)
    expect(server.asked[2]).toContain(receiveBody(command.id))
    expect(actionOf(server.asked[2]!)).toBe(Action.receive)
  })

  test.each([
    ['test_wsman_update_envelope_size_150', 153_600],
    ['test_wsman_update_envelope_size_500', 512_000],
  ])('%s: the server’s limit is learnt', async (name, bytes) => {
    const exchanges = dialogue('winrs', name)
    await using server = await replay(exchanges)
    await using client = await connectTo(server.port)
    await client.learnLimits()
    expect(client.maxEnvelopeBytes).toBe(bytes)
    expect(questions(server.asked)).toEqual(questions(exchanges.map(({ request }) => request)))
  })
})
