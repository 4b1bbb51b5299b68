import { describe, expect, test } from 'vitest'
import { collect, CommandTooLongError, powershell, psrp } from '../../src/index.ts'
import { startWindows } from '../../testing/index.ts'
import { fullText } from '../../src/wsman/xml-reader.ts'
import { connectTo } from '../client.ts'

const LONG = `${'# a comment that makes it long\n'.repeat(3_000)}echo "long: ü"; exit 4`

describe('a PowerShell script', () => {
  test('gives output, errors as text, and its exit code', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const said = await collect(await powershell(client, 'echo out; echo err >&2; exit 3'))
    expect(said).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
  })

  test('of any length comes through stdin', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    expect(LONG.length).toBeGreaterThan(90_000)
    const said = await collect(await powershell(client, LONG))
    expect(said).toEqual({ exitCode: 4, stdout: 'long: ü\n', stderr: '' })
  })

  test('with secrets stands on no command line, however short it is', async () => {
    const lines: string[] = []
    await using windows = await startWindows({
      intercept: ({ name, body }) => {
        if (name === 'Command') lines.push(Buffer.from(fullText(body).split(' ').at(-1)!, 'base64').toString('utf16le'))
        return undefined
      },
    })
    await using client = await connectTo(windows)
    for (const stdin of [undefined, 'input']) {
      const said = await collect(await powershell(client, "echo 'hunter2'", { isSecret: true, stdin }))
      expect(said.stdout).toBe('hunter2\n')
    }
    expect(lines).toHaveLength(2)
    expect(lines.join('')).toContain('FromBase64String')
    expect(lines.join('')).not.toContain('hunter2')
  })

  test('finds the variables its prologue sets, however it travels', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const prologue = "$first='it''s ‘‘so’’'\n$second='two\nlines'"
    const script = 'printf "%s|%s" "${first}" "${second}"'
    for (const more of [{}, { isSecret: true }, { isSecret: true, stdin: 'input' }, { stdin: 'input' }]) {
      const said = await collect(await powershell(client, script, { prologue, ...more }))
      expect(said.stdout).toBe("it's ‘so’|two\nlines")
    }
    await using remote = psrp(client)
    expect((await collect(await remote.run(script, { prologue }))).stdout).toBe("it's ‘so’|two\r\nlines\r\n")
  })

  test('may have input of its own, also when it is long', async () => {
    await using windows = await startWindows()
    await using client = await connectTo(windows)
    const short = await collect(await powershell(client, 'cat', { stdin: 'input' }))
    expect(short.stdout).toBe('input')
    const script = `${'# a comment\n'.repeat(400)}cat`
    const long = await collect(await powershell(client, script, { stdin: 'input' }))
    expect(long.stdout).toBe('input')
    await expect(powershell(client, LONG, { stdin: 'input' })).rejects.toThrow(CommandTooLongError)
  })

  test('has its CLIXML decoded: errors apart from warnings, no progress', async () => {
    const objs = (entries: string) =>
      `#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">${entries}</Objs>`
    await using windows = await startWindows({
      pieceBytes: 11,
      powerShell: async (_script, { stdout, stderr }) => {
        stdout.write('fine\r\n')
        stderr.write(objs('<Obj S="progress" RefId="0"></Obj><S S="Warning">careful_x000D__x000A_</S>'))
        stderr.write(objs('<S S="Error">not so fine_x000D__x000A_</S>'))
        return 1
      },
    })
    await using client = await connectTo(windows)
    const said = await collect(await powershell(client, 'whatever'))
    expect(said).toEqual({ exitCode: 1, stdout: 'fine\r\n', stderr: 'not so fine\r\n', warning: 'careful\r\n' })
  })
})
