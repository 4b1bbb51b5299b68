import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import ssh2, { type AuthContext, type AuthenticationType, type Connection } from 'ssh2'
import { describe, expect, test } from 'vitest'
import { createSshWire, type SshLogin } from '../src/index.ts'

const signal = new AbortController().signal
const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private
const password = 'open sesame'

/** Another SSH server than OpenSSH, whose users log in as `judge` says; it runs no commands. */
const startServer = async (
  judge: (attempt: AuthContext) => void,
  options: { onReady?: (connection: Connection) => void } = {},
) => {
  const methods: AuthenticationType[] = []
  const connections = new Set<Connection>()
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connections.add(connection)
    connection.on('error', () => {})
    connection.on('authentication', (attempt) => {
      methods.push(attempt.method)
      judge(attempt)
    })
    connection.on('ready', () => options.onReady?.(connection))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const wire = createSshWire({ connectTimeoutMs: 5_000 })
  const { port } = server.address() as AddressInfo
  return {
    methods,
    wire,
    connect: (login: SshLogin = { kind: 'password', username: 'somebody', password }) =>
      wire.connect({ address: { host: '127.0.0.1', port }, login, trust: async () => 'trusted', signal, poolKey: 'x' }),
    [Symbol.asyncDispose]: async () => {
      await wire.close()
      for (const connection of connections) connection.end()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a right password logs in', async () => {
  await using server = await startServer((attempt) =>
    attempt.method === 'password' && attempt.password === password ? attempt.accept() : attempt.reject(['password']),
  )
  await using _shell = await server.connect()
  expect(server.methods).toEqual(['password'])
})

test('a wrong password is denied after one try, and is in no message', async () => {
  await using server = await startServer((attempt) => attempt.reject(['password', 'keyboard-interactive']))
  const failure: unknown = await server.connect().catch((error: unknown) => error)
  expect(failure).toMatchObject({ fault: 'denied', phase: 'authentication' })
  expect(String(failure)).toContain("denied the log-in of 'somebody'")
  expect(JSON.stringify(failure) + String(failure)).not.toContain(password)
  expect(server.methods).toEqual(['password'])
})

test('a server that asks for the password as a question gets it as an answer', async () => {
  await using server = await startServer((attempt) => {
    if (attempt.method === 'keyboard-interactive')
      attempt.prompt([{ prompt: 'Password: ', echo: false }], (answers) =>
        answers[0] === password ? attempt.accept() : attempt.reject(['keyboard-interactive']),
      )
    else attempt.reject(['keyboard-interactive'])
  })
  await using _shell = await server.connect()
  expect(server.methods).toEqual(['password', 'keyboard-interactive'])
})

test('a server that asks for more than a password is denied with its question', async () => {
  await using server = await startServer((attempt) => {
    if (attempt.method === 'keyboard-interactive')
      attempt.prompt([{ prompt: 'Password: ', echo: false }], () =>
        attempt.prompt([{ prompt: 'Verification code: ', echo: false }], () => attempt.reject()),
      )
    else attempt.reject(['keyboard-interactive'])
  })
  await expect(server.connect()).rejects.toMatchObject({
    fault: 'denied',
    message: expect.stringContaining('Verification code:'),
  })
})

test('a server that wants a second proof is denied with that reason', async () => {
  await using server = await startServer((attempt) => attempt.reject(['publickey'], true))
  await expect(server.connect()).rejects.toMatchObject({
    fault: 'denied',
    message: expect.stringContaining('second proof'),
  })
})

test('a server that hangs up after each log-in is not asked for ever', async () => {
  await using server = await startServer((attempt) => attempt.accept(), { onReady: (connection) => connection.end() })
  const run = async () => {
    await using shell = await server.connect()
    await shell.run({ script: 'true', signal, onOutput: () => {} })
  }
  await expect(run()).rejects.toMatchObject({ fault: 'unreachable', phase: 'command', details: { started: false } })
})

test('an exit status that comes with the answer to the request is not missed', async () => {
  await using server = await startServer((attempt) => attempt.accept(), {
    onReady: (connection) =>
      connection.on('session', (accept) =>
        accept().on('exec', (acceptExec) => {
          const channel = acceptExec()
          channel.write('No commands here.\n')
          channel.exit(1)
          channel.end()
          channel.close()
        }),
      ),
  })
  await using shell = await server.connect()
  await expect(shell.run({ script: 'true', signal, onOutput: () => {} })).rejects.toMatchObject({
    fault: 'protocol',
    details: { started: false, said: 'No commands here.' },
  })
})

test('a command without an exit status has an unknown outcome, not a good one', async () => {
  await using server = await startServer((attempt) => attempt.accept(), {
    onReady: (connection) =>
      connection.on('session', (accept) =>
        accept().on('exec', (acceptExec) => {
          const channel = acceptExec()
          let input = ''
          channel.on('data', (bytes: Buffer) => {
            input += bytes.toString()
            const nonce = /echo ([0-9a-f]{32})\n/.exec(input)?.[1]
            if (nonce === undefined) return
            channel.stderr.write(`${nonce} run 4711\n`)
            channel.write(`${nonce}\nhello\n`)
            channel.end()
            channel.close()
          })
        }),
      ),
  })
  await using shell = await server.connect()
  let output = ''
  const exit = await shell.run({
    script: 'true',
    signal,
    onOutput: (_stream, bytes) => void (output += Buffer.from(bytes)),
  })
  expect(exit).toEqual({
    kind: 'unknown',
    reason: expect.stringContaining('without an exit status'),
    processGroup: 4711,
  })
  expect(output).toBe('hello\n')
})

describe('a server that only asks questions', () => {
  const asking =
    (prompts: { prompt: string; echo: boolean }[], right: string[], instructions = '') =>
    (attempt: AuthContext): void => {
      if (attempt.method !== 'keyboard-interactive') return attempt.reject(['keyboard-interactive'])
      attempt.prompt(prompts, 'Log-in', instructions, (answers) =>
        answers.join() === right.join() ? attempt.accept() : attempt.reject(['keyboard-interactive']),
      )
    }
  const twoQuestions = [
    { prompt: 'Password: ', echo: false },
    { prompt: 'Verification code (OTP): ', echo: true },
  ]

  test('gets the password and the other answers, in one go', async () => {
    await using server = await startServer(asking(twoQuestions, [password, '123456']))
    const answers = [{ question: 'verification CODE', answer: '123456' }]
    await using _shell = await server.connect({ kind: 'keyboard_interactive', username: 'somebody', password, answers })
    expect(server.methods).toEqual(['keyboard-interactive'])
  })

  test('is denied with the question nobody can answer, and no answer is sent', async () => {
    await using server = await startServer(asking(twoQuestions, []))
    await expect(
      server.connect({ kind: 'keyboard_interactive', username: 'somebody', password }),
    ).rejects.toMatchObject({
      fault: 'denied',
      message: expect.stringMatching(/more than a password: Verification code/),
    })
  })

  test('is denied with a clear word when the password has expired', async () => {
    const change = [{ prompt: 'Current password: ', echo: false }]
    await using server = await startServer(
      asking(change, [], 'You are required to change your password immediately (password expired).'),
    )
    await expect(
      server.connect({ kind: 'keyboard_interactive', username: 'somebody', password }),
    ).rejects.toMatchObject({ fault: 'denied', message: expect.stringContaining('has expired') })
  })

  test('after the right key gets the second proof', async () => {
    const key = ssh2.utils.generateKeyPairSync('ed25519').private
    let isKeyShown = false
    await using server = await startServer((attempt) => {
      if (attempt.method === 'publickey' && attempt.signature !== undefined) {
        isKeyShown = true
        attempt.reject(['keyboard-interactive'], true)
      } else if (isKeyShown) asking([{ prompt: 'Password: ', echo: false }], [password])(attempt)
      else attempt.reject(['publickey'])
    })
    await using _shell = await server.connect({ kind: 'ssh_key', username: 'somebody', privateKey: key, password })
    expect(server.methods).toEqual(['publickey', 'keyboard-interactive'])
  })

  test('after a wrong key gets nothing more', async () => {
    const key = ssh2.utils.generateKeyPairSync('ed25519').private
    await using server = await startServer((attempt) => attempt.reject(['publickey', 'password']))
    await expect(
      server.connect({ kind: 'ssh_key', username: 'somebody', privateKey: key, password }),
    ).rejects.toMatchObject({ fault: 'denied' })
    expect(server.methods).toEqual(['publickey'])
  })
})

test('an expired password is said to be so', async () => {
  await using server = await startServer((attempt) => {
    if (attempt.method === 'password') attempt.requestChange('Your password has expired.', () => attempt.reject())
    else attempt.reject(['password'])
  })
  await expect(server.connect()).rejects.toMatchObject({
    fault: 'denied',
    message: expect.stringContaining('has expired'),
  })
})
