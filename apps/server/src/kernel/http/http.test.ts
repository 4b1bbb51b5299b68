import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { allRoutes, api, apiBase, Health, Problem, urlOf } from '@opsconductor/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminPassword, startApp, type TestApp } from '../../../test/app.ts'
import { refusal } from '../../../test/client.ts'

let app: TestApp
beforeAll(async () => {
  app = await startApp({ services: ['gateway'] })
})
afterAll(() => app?.[Symbol.asyncDispose]())

const bearer = () => ({ authorization: `Bearer ${app.admin.accessToken}` })
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${app.url}${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...bearer(), ...headers },
  })
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${app.url}${path}`, { headers: { ...bearer(), ...headers } })

/** What the answer says of the problem, which must have the promised form and the number of the request. */
const problemIn = async (answer: Response) => {
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  const problem = Problem.parse(await answer.json())
  expect(problem.status).toBe(answer.status)
  expect(problem.type).toBe(`/problems/${problem.code}`)
  expect(problem.requestId).toBe(answer.headers.get('x-request-id'))
  return problem
}

describe('every refusal is a problem document', () => {
  test('for an unknown path, to anyone and with any method', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      for (const path of ['/api/v1/nothing', '/api/nothing', '/nothing', '/api/v1/targets/x/y/z']) {
        const { code, detail } = await problemIn(await fetch(`${app.url}${path}?q=1`, { method }))
        expect([code, detail]).toEqual(['not_found', `There is nothing at ${method} ${path}.`])
      }
    }
  })

  test('for a method that a path does not take, with those that it takes', async () => {
    for (const [method, path, allowed] of [
      ['PUT', '/api/v1/targets', 'GET, POST'],
      ['DELETE', '/api/v1/auth/login?q=1', 'POST'],
      ['POST', '/api/v1/jobs/JOB-2026-000001', 'GET, PUT, PATCH, DELETE'],
    ] as const) {
      const answer = await fetch(`${app.url}${path}`, { method })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed])
      const { code, detail } = await problemIn(answer)
      expect([code, detail]).toEqual([
        'method_not_allowed',
        `${path.split('?')[0]} does not take ${method}, but ${allowed.replaceAll(', ', ' and ')}.`,
      ])
    }
  })

  test('for JSON that is malformed, with the reason', async () => {
    for (const body of ['{"name": ', '', 'nonsense', '{"a":1}}']) {
      const { status, code } = await problemIn(await post('/api/v1/targets', body))
      expect([status, code]).toEqual([400, body === '' ? 'invalid' : 'malformed'])
    }
  })

  test('for JSON that is nested without end, also from strangers', async () => {
    for (const path of ['/api/v1/targets', '/api/v1/auth/login']) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const body = `{"name":${open.repeat(50_000)}1${close.repeat(50_000)}}`
        const { status, code } = await problemIn(await post(path, body))
        expect([status, code]).toEqual([400, 'malformed'])
      }
    }
  })

  test('for what is no request at all', async () => {
    const tooLong = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`
    for (const [text, status] of [
      ['NONSENSE\r\n\r\n', 400],
      [tooLong, 413],
    ] as const) {
      const [head = '', body = ''] = (await sendRaw(text)).split('\r\n\r\n')
      expect(head).toContain('Content-Type: application/problem+json')
      expect(Problem.parse(JSON.parse(body)).status).toBe(status)
    }
  })

  test('for the path of the live connection without one', async () => {
    expect((await problemIn(await get('/api/v1/live'))).detail).toContain('WebSocket')
  })

  test('for conditions and keys that cannot be read, instead of passing them over', async () => {
    const body = { name: 'conditional', methods: [{ type: 'local' as const, config: {} }] }
    const { uuid } = await app.admin(api.targets.create, { body })
    for (const ifMatch of ['nonsense', '"1", "2"', '"-1"', '']) {
      const change = fetch(`${app.url}/api/v1/targets/${uuid}`, {
        method: 'PATCH',
        body: '{"description":"changed"}',
        headers: { 'content-type': 'application/json', 'if-match': ifMatch, ...bearer() },
      })
      expect((await problemIn(await change)).code).toBe('malformed')
    }
    expect(await app.admin(api.targets.read, { params: { ref: uuid } })).toMatchObject({ description: '' })
    const key = { 'idempotency-key': 'k'.repeat(201) }
    expect((await problemIn(await post('/api/v1/jobs/JOB-2026-000001/executions', '{}', key))).code).toBe('malformed')
  })

  test('for another media type', async () => {
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
      const { status, code } = await problemIn(await post('/api/v1/targets', '{}', { 'content-type': type }))
      expect([status, code]).toEqual([415, 'unsupported_media_type'])
    }
  })

  test('for a body of 10 MB', async () => {
    const { status, code } = await problemIn(await post('/api/v1/targets', `"${'x'.repeat(10_000_000)}"`))
    expect([status, code]).toEqual([413, 'too_large'])
    expect((await get('/api/v1/auth/me')).status).toBe(200)
  })

  test('for unknown fields, missing ones and wrong ones, all at once with their paths', async () => {
    const body = { name: '', colour: 'red', methods: [{ type: 'ssh', config: { host: 'a b', port: 0 } }] }
    const { code, fields } = await problemIn(await post('/api/v1/targets', JSON.stringify(body)))
    expect(code).toBe('invalid')
    expect(new Set(fields?.map(({ path }) => path))).toEqual(
      new Set(['name', 'colour', 'methods.0.config.host', 'methods.0.config.port']),
    )
    expect(fields?.find(({ path }) => path === 'colour')?.message).toBe('unknown field')
  })

  test('for a bad query', async () => {
    for (const query of ['limit=0', 'limit=x', 'limit=201', 'sort=colour', 'cursor=nonsense', 'archived=maybe']) {
      const { code, fields } = await problemIn(await get(`/api/v1/targets?${query}`))
      expect([code, fields?.[0]?.path]).toEqual(['invalid', `query.${query.split('=')[0]}`])
    }
  })

  test('for paths that cannot be read', async () => {
    expect((await problemIn(await get('/api/v1/targets/%zz'))).status).toBe(400)
    expect((await problemIn(await get(`/api/v1/targets/${'x'.repeat(300)}`))).status).toBeLessThan(500)
    expect((await problemIn(await get('/api/v1/targets/%00'))).status).toBeLessThan(500)
  })

  test('for texts that no database can hold', async () => {
    const body = JSON.stringify({ name: 'x', description: 'a\u0000b', methods: [{ type: 'local', config: {} }] })
    expect((await problemIn(await post('/api/v1/targets', body))).code).toBe('invalid')
    expect((await problemIn(await get('/api/v1/targets?q=%00'))).code).toBe('invalid')
  })

  test('for a job document that is malformed, with the path and the reason', async () => {
    const document = {
      name: 'bad',
      steps: [
        { type: 'ssh.exec', command: 'echo {{ missing }}' },
        { type: 'ssh.exec' },
        { type: 'teleport', command: 'x' },
        { type: 'ssh.exec', command: 'x', timeoutSec: 'soon' },
      ],
    }
    const { fields } = await problemIn(await post('/api/v1/jobs', JSON.stringify(document)))
    expect(fields?.map(({ path }) => path)).toEqual(['steps.1.command', 'steps.2.type', 'steps.3.timeoutSec'])
    const readable = { ...document, steps: document.steps.slice(0, 1) }
    const second = await problemIn(await post('/api/v1/jobs', JSON.stringify(readable)))
    expect(second.fields?.[0]).toMatchObject({ path: 'steps.0.command' })
    expect(second.detail).toContain('{{ missing }}')
  })
})

test('every answer carries the headers that keep browsers safe', async () => {
  for (const answer of [await get('/api/v1/auth/me'), await get('/api/v1/nothing'), await get('/health')]) {
    const header = (name: string) => answer.headers.get(name)
    expect(header('x-content-type-options')).toBe('nosniff')
    expect(header('x-frame-options')).toBe('DENY')
    expect(header('referrer-policy')).toBe('no-referrer')
    expect(header('content-security-policy')).toBe(`default-src 'none'; frame-ancestors 'none'`)
    expect(header('cache-control')).toBe('no-store')
    expect(header('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(header('strict-transport-security')).toBeNull()
    expect(header('x-powered-by')).toBeNull()
    expect(header('access-control-allow-origin')).toBeNull()
  }
})

test('behind https the cookie is secure and browsers are told to stay', async () => {
  const PORT = String(await freePort())
  await using app = await startApp({ services: ['gateway'], settings: { PORT, PUBLIC_URL: 'https://ops.example.org' } })
  const answer = await fetch(`${app.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: adminPassword }),
  })
  expect(answer.headers.getSetCookie()[0]).toContain('; Secure')
  expect(answer.headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/)
})

test('the front door is the web UI for anybody, other paths are for those who ask for pages', async () => {
  const page = [200, 503] // 503 where the web UI has not been built
  for (const method of ['GET', 'HEAD']) {
    expect(page).toContain((await fetch(`${app.url}/?from=here`, { method })).status)
    const asked = { method, headers: { accept: 'text/html' } }
    expect(page).toContain((await fetch(`${app.url}/somewhere`, asked)).status)
    expect((await fetch(`${app.url}/somewhere`, { method })).status).toBe(404)
  }
})

/** What is answered to these very bytes. */
const sendRaw = async (text: string): Promise<string> => {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
  socket.write(text)
  return Buffer.concat(await socket.toArray()).toString()
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('the probes answer anyone', async () => {
  for (const path of ['/health', '/ready']) {
    const answer = await fetch(`${app.url}${path}`)
    expect(answer.status).toBe(200)
    expect(Health.parse(await answer.json())).toMatchObject({ status: 'ok', database: { status: 'ok' } })
  }
  const metrics = await fetch(`${app.url}/metrics`)
  expect(await metrics.text()).toContain('process_cpu_seconds_total')
})

describe('the OpenAPI document', () => {
  type Operation = {
    operationId?: string
    summary?: string
    responses?: Record<string, object>
    security?: object[]
    requestBody?: { required?: boolean }
    parameters?: object[]
  }
  type Document = {
    openapi: string
    info: { title: string; version: string }
    paths: Record<string, Record<string, Operation>>
  }
  const read = async () => (await (await fetch(`${app.url}/api/openapi.json`)).json()) as Document

  test('is 3.1 in shape and lists every route, with what it takes and whom it lets in', async () => {
    const { openapi, info, paths } = await read()
    expect(openapi).toBe('3.1.0')
    expect(info).toMatchObject({ title: 'OpsConductor', version: expect.any(String) as string })
    const listed = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const expected = allRoutes().map(
      ({ route }) => `${route.method} ${apiBase}${route.path.replace(/:(\w+)/g, '{$1}')}`,
    )
    expect(new Set(listed)).toEqual(new Set(expected))
    for (const { name, route } of allRoutes()) {
      const path = `${apiBase}${route.path.replace(/:(\w+)/g, '{$1}')}`
      const operation = paths[path]?.[route.method.toLowerCase()]
      expect(operation?.operationId).toBe(name)
      expect(operation?.summary).toBe(route.summary)
      expect(operation?.responses?.[route.status]).toBeDefined()
      expect(operation?.responses?.['default']).toMatchObject({
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      })
      expect(operation?.requestBody !== undefined).toBe(route.body !== undefined)
      const isRequired = route.body !== undefined && !route.body.safeParse(undefined).success
      expect(operation?.requestBody?.required ?? false).toBe(isRequired)
      expect(operation?.security !== undefined).toBe(route.access !== 'public')
    }
  })

  test('has no reference that leads nowhere', async () => {
    const document = await read()
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
    const leadsTo = (path: string) =>
      path.split('/').reduce<unknown>((place, part) => (place as Record<string, unknown> | undefined)?.[part], document)
    expect(references.filter((path) => leadsTo(path) === undefined)).toEqual([])
  })

  test('can be tried at /docs, by anyone', async () => {
    const answer = await fetch(`${app.url}/docs`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('text/html')
    expect(answer.headers.get('content-security-policy')).not.toMatch(/unsafe|upgrade-insecure-requests|https:/)
  })

  test('stands beside the schema of job documents', async () => {
    const answer = await fetch(`${app.url}/api/v1/schemas/job.json`)
    expect(answer.headers.get('content-type')).toContain('application/schema+json')
    expect(await answer.json()).toMatchObject({
      title: 'OpsConductor job',
      type: 'object',
      required: ['name', 'steps'],
    })
  })
})

test('a change with a stale revision is refused, and one with the right one goes through', async () => {
  const body = { name: 'revised', methods: [{ type: 'local' as const, config: {} }] }
  const created = await app.admin.raw(api.targets.create, { body })
  const etag = created.headers.get('etag') ?? ''
  const { uuid } = (await created.json()) as { uuid: string }
  expect(etag).toBe('"1"')
  const change = (ifMatch: string, description: string) =>
    app.admin.raw(
      api.targets.update,
      { params: { ref: uuid }, body: { description } },
      { headers: { 'if-match': ifMatch } },
    )
  const changed = await change(etag, 'first')
  expect(changed.headers.get('etag')).toBe('"2"')
  const { status, code } = await refusal(change(etag, 'second'))
  expect([status, code]).toEqual([412, 'changed_meanwhile'])
  expect((await change(`W/${changed.headers.get('etag')}`, 'third')).status).toBe(200)
  expect((await change('*', 'fourth')).status).toBe(200)
})

test('a list goes on where its page ended, and a cursor of nowhere is refused', async () => {
  for (const name of ['l-1', 'l-2', 'l-3']) {
    await app.admin(api.targets.create, { body: { name, methods: [{ type: 'local', config: {} }] } })
  }
  const first = await app.admin(api.targets.list, { query: { q: 'l-', limit: 2 } })
  expect(first.items).toHaveLength(2)
  const answer = await get(urlOf(api.targets.list, {}, { q: 'l-', limit: 2, cursor: first.nextCursor }))
  expect(((await answer.json()) as { items: object[]; nextCursor: null }).nextCursor).toBeNull()
})
