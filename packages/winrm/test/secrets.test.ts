// What is secret is in no error and on no console, whatever fails.
import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  collect,
  connect,
  ntHash,
  powershell,
  probe,
  psrp,
  upload,
  type Client,
  type ConnectOptions,
} from '../src/index.ts'
import { faults, selfSigned, startWindows, type Asked, type Instead } from '../testing/index.ts'
import { to } from './client.ts'

const password = 'Pass-7f3a-wörd'
const hash = ntHash(password).toString('hex')
const value = 'Value-91c2-secret'

/** As they are, and as they are on the wire. */
const secrets = [
  password,
  hash,
  value,
  ...[password, value, `anna:${password}`].flatMap((text) =>
    (['utf8', 'utf16le'] as const).flatMap((encoding) => {
      const bytes = Buffer.from(text, encoding)
      return [bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex'), bytes.toString('latin1')]
    }),
  ),
]

let written: string[] = []
const keep = (...words: readonly unknown[]) => void written.push(words.map((word) => inspect(word)).join(' '))

beforeEach(() => {
  written = []
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const)
    vi.spyOn(console, method).mockImplementation(keep)
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => (keep(text), true))
  process.on('warning', keep)
})
afterEach(() => {
  vi.restoreAllMocks()
  process.off('warning', keep)
})

const thrownBy = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('it was to fail')
}

/** What of it is in an error, with what is behind that and what is not shown, or was written. */
const secretsIn = (error: unknown): string[] => {
  const all = [inspect(error, { depth: null, showHidden: true, getters: true }), String(error), ...written].join('\n')
  return secrets.filter((secret) => all.includes(secret))
}

const ntlm = { type: 'ntlm', username: 'anna', password } as const
const basic = { type: 'basic', username: 'anna', password, allowUnencrypted: true } as const

const logIns: [string, Partial<ConnectOptions>][] = [
  ['a wrong password', { credentials: ntlm }],
  ['a wrong hash', { credentials: { type: 'ntlm', username: 'anna', ntHash: hash } }],
  ['a hash that is none', { credentials: { type: 'ntlm', username: 'anna', ntHash: `${hash}0` } }],
  ['a wrong password of Basic', { credentials: basic }],
  ['a password that anybody could read', { credentials: { ...basic, allowUnencrypted: false } }],
  ['a password of nobody', { credentials: { type: 'kerberos', password } }],
  ['a machine that is not there', { credentials: ntlm, port: 1 }],
  ['a port without HTTPS', { credentials: ntlm, https: true }],
  [
    'a key that does not open',
    { https: true, credentials: { type: 'certificate', cert: selfSigned().cert, key: value, passphrase: password } },
  ],
]

test.each(logIns)('a log-in with %s', async (_what, more) => {
  await using windows = await startWindows({ users: { anna: 'another' }, allowUnencrypted: true })
  const command = async () => {
    await using client = await connect({ ...to(windows), ...more })
    await collect(await client.run('ver'))
  }
  expect(secretsIn(await thrownBy(command))).toEqual([])
  // some are refused before anything is tried
  expect(secretsIn(await probe({ ...to(windows), ...more }).catch((error: unknown) => error))).toEqual([])
})

const answers: [string, Instead][] = [
  ['a fault', { fault: faults.accessDenied }],
  ['a used up quota', { fault: faults.maxOperations }],
  ['a lost shell', { fault: faults.noShell }],
  ['no answer', 'cut'],
  ['an answer that is no XML', { status: 200, body: '<s:Envelope' }],
  ['an answer to something else', { status: 200, body: '<a/>' }],
  ['another status', { status: 413, body: '' }],
]

const script = `$x='${value}'`
const works: [string, (client: Client) => Promise<unknown>][] = [
  [
    'a line',
    async (client) => collect(await client.run(`echo ${value}`, { environment: { TOKEN: value }, stdin: value })),
  ],
  ['PowerShell', async (client) => collect(await powershell(client, value, { prologue: script, isSecret: true }))],
  [
    'PowerShell that stays',
    async (client) => collect(await psrp(client).run(value, { prologue: script, stdin: value })),
  ],
  ['a file', (client) => upload(client, Buffer.from(value), 'copied')],
]

test.each(works.flatMap(([what, work]) => answers.map(([how, instead]) => [what, how, work, instead] as const)))(
  '%s that ends with %s',
  async (_what, _how, work, instead) => {
    const intercept = ({ name }: Asked): Instead => (['Create', 'Get'].includes(name) ? undefined : instead)
    await using windows = await startWindows({ users: { anna: password }, intercept })
    await using client = await connect({ ...to(windows, { credentials: ntlm }), reconnectMs: 50, stopMs: 50 })
    expect(secretsIn(await thrownBy(() => work(client)))).toEqual([])
  },
)

test('a line that is too long, and one that takes too long', async () => {
  await using windows = await startWindows({ users: { anna: password } })
  await using client = await connect(to(windows, { credentials: ntlm }))
  expect(secretsIn(await thrownBy(() => client.run(`echo ${value.repeat(1_000)}`)))).toEqual([])
  const slow = async () =>
    collect(await client.run('sh', { args: ['-c', 'sleep 60', value], environment: { TOKEN: value }, timeoutMs: 50 }))
  expect(secretsIn(await thrownBy(slow))).toEqual([])
})
