import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Refusal, startPeer, type Peer } from './testing/peer.ts'
import { branch, execution, jobDetail, line, uuid } from './testing/samples.ts'
import { createWorld } from './testing/world.ts'

let peer: Peer
let world: Awaited<ReturnType<typeof createWorld>>

beforeEach(async () => {
  peer = await startPeer()
  world = await createWorld(peer.url)
})

afterEach(async () => {
  await peer.stop()
  await world.remove()
})

const opsctl = (args: string[], options: { input?: string; typed?: string } = {}) =>
  world.opsctl(args, { ...options, env: { OPSCONDUCTOR_TOKEN: 'access' } })

const fileWith = async (name: string, text: string) => {
  const path = join(world.folder, name)
  await writeFile(path, text)
  return path
}

test.each([
  [['frobnicate'], /unknown command/],
  [['jobs', 'run'], /missing required argument/],
  [['jobs', 'apply'], /--file/],
  [['jobs', 'list', '--limit', '0'], /a number from 1 on/],
  [['targets', 'list', '--health', 'splendid'], /healthy, warning, critical, unknown/],
  [['whoami', '--url', 'ftp://x'], /not the address of a server/],
])('%j is wrong usage: exit code 2, and nothing on stdout', async (args, reason) => {
  const { code, stdout, stderr } = await opsctl(args)
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(reason)])
})

test('help is no error, and tells the exit codes', async () => {
  const { code, stdout } = await opsctl(['--help'])
  expect([code, stdout]).toEqual([0, expect.stringContaining('130  interrupted')])
})

test('a server that is not there is exit code 5 and says what to do', async () => {
  const closed = await startPeer()
  await closed.stop()
  const { code, stderr } = await opsctl(['whoami', '--url', closed.url])
  expect([code, stderr]).toEqual([5, expect.stringContaining(`Cannot reach ${closed.url}: nothing listens there\n`)])
  const refusedByFetch = await opsctl(['whoami', '--url', 'http://127.0.0.1:1'])
  expect([refusedByFetch.code, refusedByFetch.stderr]).toEqual([5, expect.stringContaining('bad port')])
})

test.each([
  ['forbidden', 3],
  ['not_found', 4],
  ['unavailable', 5],
  ['plan_changed', 7],
  ['internal', 8],
] as const)('the server’s %s is exit code %i', async (code, expected) => {
  peer.answer(api.executions.cancel, () => {
    throw new Refusal(code, 'The detail.')
  })
  const said = await opsctl(['executions', 'cancel', 'JOB-2026-000001.1'])
  expect([said.code, said.stdout, said.stderr.split('\n')[0]]).toEqual([expected, '', 'opsctl: The detail.'])
})

test('with --json an error is JSON on stderr, with the request id', async () => {
  const { code, stdout, stderr } = await opsctl(['targets', 'show', uuid(5), '--json'])
  expect([code, stdout]).toEqual([4, ''])
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'not_found', requestId: 'req-1', exitCode: 4 } })
})

test('a name that nothing has is exit code 4', async () => {
  peer.answer(api.targets.list, () => ({ items: [], nextCursor: null }))
  const { code, stderr } = await opsctl(['targets', 'show', 'web9'])
  expect([code, stderr]).toEqual([4, 'opsctl: There is no target called "web9"\nSee them with: opsctl targets list\n'])
})

test('a name is taken in upper or lower case, and one that is not quite right leads to those like it', async () => {
  const jobs = [
    jobDetail({ uuid: uuid(9), serial: 'JOB-2026-000009', name: 'restart all' }),
    jobDetail({ name: 'Restart' }),
  ]
  peer.answer(api.jobs.list, ({ query }) => ({
    items: jobs.filter(({ name }) => name.toLowerCase().includes(String(query.q).toLowerCase())),
    nextCursor: null,
  }))
  const read: string[] = []
  peer.answer(api.jobs.read, ({ params }) => {
    read.push(params.ref)
    return jobDetail()
  })
  expect((await opsctl(['jobs', 'show', 'restart'])).code).toBe(0)
  expect(read).toEqual([uuid(10)])
  const { code, stderr } = await opsctl(['jobs', 'show', 'rest'])
  expect([code, stderr]).toEqual([
    4,
    'opsctl: There is no job called "rest"\nDid you mean one of these?\n  restart all  JOB-2026-000009\n  Restart      JOB-2026-000001\n',
  ])
  const { stderr: asJson } = await opsctl(['jobs', 'show', 'rest', '--json'])
  expect(JSON.parse(asJson)).toMatchObject({ error: { candidates: [{ name: 'restart all' }, { name: 'Restart' }] } })
  expect(read).toHaveLength(1)
})

test('with --json wrong usage is JSON, too', async () => {
  const { code, stdout, stderr } = await opsctl(['targets', 'create', 'web1', '--port', 'abc', '--json'])
  expect([code, stdout]).toEqual([2, ''])
  expect(JSON.parse(stderr)).toEqual({
    error: {
      detail: "option '--port <port>' argument 'abc' is invalid. a number from 1 on",
      hint: 'See: opsctl targets create --help',
      exitCode: 2,
    },
  })
})

test('what the server finds wrong with an option is told by the name of the option', async () => {
  peer.answer(api.targets.create, () => {
    const field = { path: 'methods.0.credential', message: 'there is no credential "nope"' }
    throw Object.assign(new Refusal('invalid', `${field.path}: ${field.message}`), { fields: [field] })
  })
  const { code, stderr } = await opsctl(['targets', 'create', 'web1', '--host', 'web1', '--credential', 'nope'])
  expect([code, stderr]).toEqual([2, 'opsctl: --credential: there is no credential "nope"\n'])
})

test('an access token of the environment that is no good leads to another one, not to a log-in', async () => {
  peer.answer(api.auth.me, () => {
    throw new Refusal('unauthenticated', 'This access token is not one of ours.')
  })
  const { code, stderr } = await opsctl(['whoami'])
  expect([code, stderr]).toEqual([
    3,
    'opsctl: This access token is not one of ours.\nIt is the one in OPSCONDUCTOR_TOKEN: set a good one, or unset it and log in with: opsctl login\n',
  ])
})

test('what has ended already is not said to be cancelled', async () => {
  peer.answer(api.executions.cancel, () => execution('completed', { completed: 1 }))
  const { code, stdout } = await opsctl(['executions', 'cancel', 'JOB-2026-000001.1'])
  expect([code, stdout]).toEqual([0, 'JOB-2026-000001.1 had ended before: completed.\n'])
})

test('somebody says what became of a lost step', async () => {
  const resolve = (words: string) => opsctl(`executions resolve JOB-2026-000001.1 ${words}`.split(' '))
  peer.answer(api.branches.resolve, ({ params, body }) =>
    branch(params.number, body.as === 'again' ? 'queued' : 'failed'),
  )
  const { code, stdout } = await resolve('2 --as again --note looked')
  expect([code, stdout]).toEqual([0, 'Branch 002 (web2) is queued.\n'])
  expect([(await resolve('2')).code, (await resolve('x --as again')).code]).toEqual([2, 2])
})

const jobYaml = 'name: restart\nsteps:\n  - type: ssh.exec\n    command: systemctl restart {{ service }}\n'

test('apply creates a job, makes its next version, and says when nothing changed', async () => {
  const saved: unknown[] = []
  let version = 0
  peer.answer(api.jobs.list, ({ query }) => ({
    // the words are found in another name first: only the exact name counts
    items: [jobDetail({ uuid: uuid(9), name: 'restart all' }), ...(version > 0 ? [jobDetail({ version })] : [])].filter(
      (job) => job.name.includes(query.q ?? ''),
    ),
    nextCursor: null,
  }))
  const save = (body: unknown) => {
    if (JSON.stringify(body) !== JSON.stringify(saved.at(-1))) version += 1
    saved.push(body)
    return jobDetail({ version })
  }
  peer.answer(api.jobs.create, ({ body }) => save(body))
  peer.answer(api.jobs.replace, ({ params, body }) => {
    expect(params.ref).toBe(uuid(10))
    return save(body)
  })
  const file = await fileWith('restart.yaml', jobYaml)
  expect((await opsctl(['jobs', 'apply', '-f', file])).stdout).toBe('restart (JOB-2026-000001): created\n')
  expect((await opsctl(['jobs', 'apply', '-f', file])).stdout).toBe('restart (JOB-2026-000001): unchanged\n')
  const { stdout } = await opsctl(['jobs', 'apply', '-f', '-', '--json'], { input: `${jobYaml}    timeoutSec: 5\n` })
  expect(JSON.parse(stdout)).toMatchObject({ items: [{ outcome: 'changed', job: { version: 2 } }] })
})

test('what is wrong with a job document is told with its line', async () => {
  peer.answer(api.jobs.list, () => ({ items: [], nextCursor: null }))
  peer.answer(api.jobs.create, () => jobDetail())
  const input = 'name: restart\nsteps:\n  - type: ssh.exec\n    command: ""\n'
  const { code, stderr } = await opsctl(['jobs', 'apply', '-f', '-'], { input })
  expect(code).toBe(2)
  expect(stderr).toContain('  stdin:4:14 steps.0.command: ')
})

test('a run takes typed values, values from files, and asks for secrets', async () => {
  const parameters = { count: 1, motd: '', token: { type: 'string', secret: true } } as const
  peer.answer(api.jobs.read, () => jobDetail({ document: { ...jobDetail().document, parameters } }))
  const started: unknown[] = []
  peer.answer(api.executions.start, ({ body }, { headers }) => {
    started.push([body, headers['idempotency-key']])
    return execution('queued', { queued: 1 })
  })
  const motd = await fileWith('motd', 'two\nlines\n')
  const { code, stdout, stderr } = await opsctl(
    ['jobs', 'run', 'JOB-2026-000001', '-t', 'web1', '-t', 'web2', '-p', 'count=3', '--parameter-file', `motd=${motd}`],
    { typed: 'hunter2\r' },
  )
  expect([code, stdout]).toEqual([0, 'JOB-2026-000001.1 started.\n'])
  expect(stderr).not.toContain('hunter2')
  expect(started).toEqual([
    [{ targets: ['web1', 'web2'], parameters: { count: 3, motd: 'two\nlines', token: 'hunter2' } }, expect.any(String)],
  ])
})

const method = { uuid: uuid(30), type: 'ssh', host: '10.0.0.1', port: 22 }
const target = { uuid: uuid(31), serial: 'TGT-2026-000001', name: 'web1' }

test('a target is made from options, and a failed test of it is exit code 1 with the phases', async () => {
  const made: unknown[] = []
  peer.answer(api.targets.create, ({ body }) => {
    made.push(body)
    return { name: 'web1', serial: 'TGT-2026-000001' } as never
  })
  const create = [
    'targets',
    'create',
    'web1',
    '--host',
    '10.0.0.1',
    '--port',
    '2222',
    '--credential',
    'deploy',
    '--tag',
    'a',
    '--tag',
    'b',
  ]
  expect((await opsctl(create)).stdout).toBe('Target web1 added as TGT-2026-000001.\n')
  const methods = [{ type: 'ssh', isActive: true, config: { host: '10.0.0.1', port: 2222 }, credential: 'deploy' }]
  expect(made).toEqual([expect.objectContaining({ name: 'web1', tags: ['a', 'b'], methods })])

  const phases = [
    { phase: 'dns' as const, status: 'ok' as const, durationMs: 1 },
    { phase: 'host_key' as const, status: 'failed' as const, durationMs: 20 },
    { phase: 'command' as const, status: 'skipped' as const, durationMs: 0 },
  ]
  const at = '2026-01-02T03:04:05.000Z'
  const tested = { ...method, type: 'ssh' as const, name: 'ssh' }
  const message = 'The host key has changed.\n\u001b[2J'
  const result = {
    method: tested,
    credential: 'deploy',
    isOk: false,
    phases,
    fault: 'untrusted' as const,
    message,
    hostKey: null,
    system: null,
  }
  const answer = { uuid: uuid(40), target, isOk: false, startedAt: at, finishedAt: at }
  peer.answer(api.targets.test, () => ({ ...answer, isFinished: false, methods: [] }))
  peer.answer(api.targets.readTest, () => ({ ...answer, isFinished: true, methods: [result] }))
  const { code, stdout } = await opsctl(['targets', 'test', 'TGT-2026-000001'])
  expect(code).toBe(1)
  expect(stdout.split('\n')).toEqual([
    'ssh (ssh 10.0.0.1:22): failed (untrusted)',
    '  dns             ok       1 ms',
    '  host key        failed   20 ms',
    '  command         skipped',
    '  The host key has changed. ',
    '',
  ])
})

test('a credential takes its secrets from files, and refuses what its type does not have', async () => {
  const made: unknown[] = []
  const credential = { name: 'deploy', secretVersion: 1 }
  peer.answer(api.credentials.create, ({ body }) => {
    made.push(body)
    return credential as never
  })
  const key = await fileWith('key', '-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n')
  const create = ['credentials', 'create', 'deploy', '--type', 'ssh_key', '--username', 'deploy']
  expect((await opsctl([...create, '--private-key-file', key])).code).toBe(0)
  expect(made).toEqual([
    expect.objectContaining({ secret: { username: 'deploy', privateKey: expect.stringContaining('MC4=') as string } }),
  ])
  expect((await opsctl(create)).stderr).toContain('A credential of type ssh_key needs --private-key-file')
  expect((await opsctl([...create, '--private-key-file', key, '--domain', 'CORP'])).stderr).toContain('has no domain')
})

test('a key with a passphrase is seen, and the passphrase asked for', async () => {
  const made: { secret: unknown }[] = []
  peer.answer(api.credentials.create, ({ body }) => {
    made.push(body)
    return { name: 'deploy', secretVersion: 1 } as never
  })
  const bytes = Buffer.concat([Buffer.from('openssh-key-v1\0'), Buffer.from([0, 0, 0, 10]), Buffer.from('aes256-ctr')])
  const pem = `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`
  const create = [
    'credentials',
    'create',
    'deploy',
    '--type',
    'ssh_key',
    '--username',
    'deploy',
    '--private-key-file',
    await fileWith('key', pem),
  ]
  expect((await opsctl(create)).stderr).toContain('The private key is encrypted: give --passphrase-file')
  expect((await opsctl(create, { typed: 'open sesame\r' })).code).toBe(0)
  expect(made).toEqual([
    expect.objectContaining({ secret: expect.objectContaining({ passphrase: 'open sesame' }) as unknown }),
  ])
})

test('stored output comes as it was followed: lines of a branch apart, one stream as its bytes', async () => {
  peer.answer(api.executions.read, () => execution('completed', { completed: 2 }))
  peer.answer(api.executions.branches, () => ({
    items: [branch(1, 'completed'), branch(2, 'completed')],
    nextCursor: null,
  }))
  peer.answer(api.executions.output, ({ params, query }) => {
    const items = query.fromLine === 1 ? [line(1, `a${params.number}`)] : [line(2, 'b', { stream: 'stderr' })]
    const nextLine = query.fromLine === 1 ? 2 : null
    return { items, nextCursor: null, nextLine, totalLines: 2, lastSeq: 2, isComplete: true }
  })
  peer.answer(api.executions.rawOutput, () => Buffer.from([0x68, 0x69, 0x0a]))
  const output = ['executions', 'output', 'JOB-2026-000001.1']
  const both = await opsctl(output)
  expect([both.stdout, both.stderr]).toEqual(['001 web1 │ a1\n002 web2 │ a2\n', '001 web1 │ b\n002 web2 │ b\n'])
  expect((await opsctl([...output, '--branch', '2'])).stdout).toBe('a2\n')
  expect((await opsctl([...output, '--branch', '2', '--stream', 'stdout'])).stdout).toBe('hi\n')
  const json = JSON.parse((await opsctl([...output, '--json', '--branch', '1'])).stdout) as unknown
  expect(json).toMatchObject({ branches: [{ number: '001', lines: [{ text: 'a1' }, { text: 'b' }] }] })
})
