import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { api, apiBase, createCall, Problem } from '@opsconductor/contract'
import { describe, expect, test } from 'vitest'
import { logIn, problemOf, rawOutput, untilEnded } from '../kit/client.ts'
import { chosenPassword, type Inhabited } from '../kit/inhabited.ts'

/** Values that would do harm where they were pasted into a command. */
const nasty = [
  `'; rm -rf / #`,
  '$(id)',
  '`id`',
  '"; id; "',
  `'"'"'`,
  '\\',
  'two\nlines\n',
  '-n',
  '* ~ $HOME !! {{ who }}',
  'Grüße 😀 \u202e',
  '\t%s%n\\x41\u0007',
]

const lineBytes = 10 * 1024 * 1024

export const badInput = ({ house, machines, admin, addJob, addTarget, run, targets }: Inhabited) => {
  /** Sends what no client of the contract would, and reads the answer as the problem that it must be. */
  const send = async (path: string, init: Pick<RequestInit, 'method' | 'body'> = {}) => {
    const { accessToken } = await admin()
    const response = await fetch(`${house().url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${accessToken()}`, 'content-type': 'application/json' },
    })
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    const problem = Problem.parse(await response.json())
    expect(problem.status).toBe(response.status)
    expect(problem.requestId).not.toBe('')
    return problem
  }
  const post = (path: string, body: string) => send(`${apiBase}${path}`, { method: 'POST', body })
  const firstTarget = async () => (await targets()).slice(0, 1)
  const branchOf = async (uuid: string) => {
    const client = await admin()
    const execution = await untilEnded(client, { uuid })
    const { items } = await client.call(api.executions.branches, { params: { ref: uuid }, query: {} })
    return { execution, branch: items[0] }
  }

  describe('bad requests', () => {
    test('an unknown path is a problem document', async () => {
      expect(await send(`${apiBase}/nothing/here`)).toMatchObject({ code: 'not_found' })
      expect(await send('/api/v7/targets')).toMatchObject({ code: 'not_found' })
    })

    test('malformed JSON is refused with the reason', async () => {
      const problem = await post('/targets', '{"name": "x",}')
      expect(problem).toMatchObject({ code: 'malformed', status: 400 })
      expect(problem.detail).toMatch(/JSON/)
    })

    test('a body of 10 MB is refused as too large', async () => {
      const body = JSON.stringify({ name: 'x'.repeat(lineBytes) })
      expect(await post('/targets', body)).toMatchObject({ code: 'too_large', status: 413 })
    })

    test('no token, a stranger’s, a changed one and one of an ended session are refused', async () => {
      const { url } = house()
      await admin()
      const asked = (token: string) =>
        problemOf(
          createCall({ origin: url, headers: () => ({ authorization: token }) })(api.targets.list, { query: {} }),
        )
      const client = await logIn(url, 'admin', chosenPassword)
      const [head = '', claims = '', signature = ''] = client.accessToken().split('.')
      const other = Buffer.from(
        JSON.stringify({ ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), exp: 9_999_999_999 }),
      ).toString('base64url')
      expect(await asked('')).toMatchObject({ status: 401, code: 'unauthenticated' })
      expect(await asked('Bearer garbage')).toMatchObject({ status: 401, code: 'unauthenticated' })
      expect(await asked(`Bearer ${head}.${other}.${signature}`)).toMatchObject({ code: 'unauthenticated' })
      await client.logOut()
      await expect
        .poll(async () => (await asked(`Bearer ${client.accessToken()}`).catch(() => undefined))?.code, {
          timeout: 7_000, // a session is checked at most 5 s stale
        })
        .toBe('token_revoked')
    })

    test('a job document that is wrong is refused with every path and reason', async () => {
      const steps = [{ type: 'ssh.exec' }, { type: 'ssh.exec', command: 'echo {{ nobody }}' }, { type: 'teleport' }]
      const problem = await post('/jobs', JSON.stringify({ name: 'wrong', stepz: [], steps }))
      expect(problem).toMatchObject({ code: 'invalid', status: 400 })
      const paths = problem.fields?.map(({ path }) => path) ?? []
      expect(paths).toContain('steps.0.command')
      expect(paths.some((path) => path.startsWith('steps.2'))).toBe(true)
      for (const { message } of problem.fields ?? []) expect(message).not.toBe('')
    })

    test('an unknown target and an unknown parameter are refused by name', async () => {
      const { call } = await admin()
      const { uuid } = await addJob({ parameters: { who: 'world' }, steps: [{ type: 'ssh.exec', command: 'id' }] })
      const start = (body: { targets: string[]; parameters?: Record<string, string> }) =>
        problemOf(call(api.executions.start, { params: { ref: uuid }, body }))
      const unknownTarget = await start({ targets: ['no-such-target'] })
      expect(unknownTarget.status).toBe(400)
      expect(JSON.stringify(unknownTarget)).toContain('no-such-target')
      const unknownParameter = await start({ targets: await firstTarget(), parameters: { whom: 'x' } })
      expect(unknownParameter.status).toBe(400)
      expect(JSON.stringify(unknownParameter)).toContain('whom')
    })

    test('a key with the wrong passphrase is refused when it is saved', async () => {
      const { call } = await admin()
      const { makeKey, username } = machines()
      const privateKey = await makeKey('the right one')
      const save = (passphrase: string) =>
        call(api.credentials.create, {
          body: { name: 'locked', type: 'ssh_key', secret: { username, privateKey, passphrase } },
        })
      const problem = await problemOf(save('the wrong one'))
      expect(problem).toMatchObject({ code: 'invalid' })
      expect(problem.fields?.[0]).toMatchObject({ path: 'secret.passphrase' })
      expect(await save('the right one')).toMatchObject({ fingerprint: expect.stringMatching(/^SHA256:/) as string })
    })
  })

  describe('values and output', () => {
    test('values that try to break out of their quotes arrive byte for byte', async () => {
      const client = await admin()
      const parameters = Object.fromEntries(nasty.map((value, index) => [`value${index}`, value]))
      const bare = nasty.map((_, index) => `printf '%s\\0' {{ value${index} }} "{{ value${index} }}"`)
      const job = await addJob({
        parameters: Object.fromEntries(Object.keys(parameters).map((name) => [name, ''])),
        steps: [{ type: 'ssh.script', script: bare.join('\n') }],
      })
      const body = { targets: await firstTarget(), parameters }
      const execution = await client.call(api.executions.start, { params: { ref: job.uuid }, body })
      expect(await untilEnded(client, execution)).toMatchObject({ status: 'completed' })
      const arrived = (await rawOutput(client, execution.uuid)).toString().split('\0').slice(0, -1)
      expect(arrived).toEqual(nasty.flatMap((value) => [value, value]))
    })

    test('a line of 10 MB and binary output are kept whole', async () => {
      const client = await admin()
      const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256))
      const file = join(machines().folder, 'binary')
      await writeFile(file, bytes)
      const long = `head -c ${lineBytes} /dev/zero | tr '\\0' x; echo; cat ${file} >&2`
      const { uuid } = await run(long, await firstTarget())
      expect(await untilEnded(client, { uuid })).toMatchObject({ status: 'completed' })
      const hash = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')
      const stdout = await rawOutput(client, uuid, 1, 'stdout')
      expect(stdout.length).toBe(lineBytes + 1)
      expect(hash(stdout)).toBe(hash(Buffer.from(`${'x'.repeat(lineBytes)}\n`)))
      expect(hash(await rawOutput(client, uuid, 1, 'stderr'))).toBe(hash(await readFile(file)))
    })
  })

  describe('targets that do not let us in', () => {
    test('a changed host key is refused as untrusted, until a person has it forgotten', async () => {
      const { call } = await admin()
      const machine = await machines().add()
      const name = await addTarget(machine)
      const { items } = await call(api.targets.list, { query: { q: name } })
      const { uuid: ref = '', methods = [] } = items[0] ?? {}
      expect(await call(api.targets.test, { params: { ref }, query: {}, body: {} })).toMatchObject({ isOk: true })
      await machine.replaceHostKey()
      const tested = await call(api.targets.test, { params: { ref }, query: {}, body: {} })
      expect(tested.methods[0]).toMatchObject({ isOk: false, fault: 'untrusted' })
      const refused = await branchOf((await run('id', [name])).uuid)
      expect(refused.execution.status).toBe('failed')
      expect(refused.branch).toMatchObject({ status: 'failed', fault: 'untrusted' })
      await call(api.targets.forgetHostKeys, { params: { ref, method: methods[0]?.uuid ?? '' } })
      expect((await branchOf((await run('id', [name])).uuid)).execution.status).toBe('completed')
    })

    test('a wrong key is denied; a closed port is refused; a name that nobody knows is unreachable', async () => {
      const { call } = await admin()
      const { makeKey, username, all } = machines()
      const [machine] = all
      if (machine === undefined) throw new Error('there are no machines')
      const secret = { username, privateKey: await makeKey('') }
      await call(api.credentials.create, { body: { name: 'wrong key', type: 'ssh_key', secret } })
      const denied = await addTarget(machine, { credential: 'wrong key' })
      const refused = await addTarget({ host: '127.0.0.99', port: 9 })
      const unreachable = await addTarget({ host: 'nobody-knows.invalid', port: 22 })
      const { uuid } = await run('id', [denied, refused, unreachable])
      const { execution } = await branchOf(uuid)
      expect(execution).toMatchObject({ status: 'failed', counts: { failed: 3 } })
      const { items } = await call(api.executions.branches, { params: { ref: uuid }, query: {} })
      expect(items.map(({ fault }) => fault)).toEqual(['denied', 'refused', 'unreachable'])
      for (const { message } of items) expect(message).toBeTruthy()
    })
  })
}
