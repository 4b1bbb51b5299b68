import { api } from '@opsconductor/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminPassword, startApp, type TestApp } from '../../../test/app.ts'
import { until } from '../../../test/until.ts'
import { currentPath } from './older-paths.ts'

describe('an older path', () => {
  const json = 'application/json'
  test.each([
    ['/api/login', '/api/v1/auth/login'],
    ['/api/refresh', '/api/v1/auth/refresh'],
    ['/api/verify', '/api/v1/auth/verify'],
    ['/api/revoke-all', '/api/v1/auth/revoke-all'],
    ['/auth/login', '/api/v1/auth/login'],
    ['/auth/refresh', '/api/v1/auth/refresh'],
    ['/auth/logout', '/api/v1/auth/logout'],
    ['/api/users?limit=5', '/api/v1/users?limit=5'],
    ['/api/targets/TGT-2026-000001', '/api/v1/targets/TGT-2026-000001'],
    ['/targets/7/test-winrm', '/api/v1/targets/7/test?type=winrm'],
    ['/api/targets/7/test-winrm?a=b', '/api/v1/targets/7/test?a=b&type=winrm'],
    ['/jobs/7/run', '/api/v1/jobs/7/executions'],
    ['/jobs/7/execute', '/api/v1/jobs/7/executions'],
    ['/api/v1/jobs/7/run', '/api/v1/jobs/7/executions'],
    ['/runs', '/api/v1/executions'],
    ['/runs/3', '/api/v1/executions/3'],
    ['/runs/3/steps', '/api/v1/executions/3/steps'],
    ['/api/v1/runs?q=a?b', '/api/v1/executions?q=a?b'],
    ['/api/v1/runs/3', '/api/v1/executions/3'],
    ['/executor/status', '/api/v1/executors'],
    ['/api/v1/executor/status', '/api/v1/executors'],
    ['/worker/status', '/api/v1/executors'],
    ['/api/v1/users/health', '/health'],
    ['/api/v1/credentials/health', '/health'],
    ['/api/targets/health', '/health'],
    ['/jobs/health', '/health'],
    ['/api/v1/runs/3/steps', '/api/v1/executions/3/steps'],
  ])('%s is %s', (older, current) => {
    expect(currentPath(older, '*/*')).toBe(current)
  })

  test.each(['users', 'credentials', 'targets', 'jobs', 'executions'])(
    '/%s is a page, or JSON for who asks so',
    (name) => {
      expect(currentPath(`/${name}`, 'text/html,*/*')).toBeNull()
      expect(currentPath(`/${name}?limit=1`, json)).toBe(`/api/v1/${name}?limit=1`)
      expect(currentPath(`/${name}/5`, json)).toBe(`/api/v1/${name}/5`)
    },
  )

  test.each(['/api/v1/targets', '/api/v1/auth/login', '/internal/decrypt/1', '/internal/notifications', '/health'])(
    '%s is none',
    (path) => {
      expect(currentPath(path, json)).toBeNull()
    },
  )
})

describe('a client of the older paths', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp({ settings: { LOCAL_TRANSPORT: 'true' } })
  })
  afterAll(() => app?.[Symbol.asyncDispose]())

  const ask = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${app.url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${app.admin.accessToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  test('logs in, verifies, and lists users, targets and credentials', async () => {
    for (const path of ['/api/login', '/auth/login']) {
      const { status, body } = await ask('POST', path, { username: 'admin', password: adminPassword })
      expect([status, typeof body['accessToken']]).toEqual([200, 'string'])
    }
    expect((await ask('GET', '/api/verify')).body).toMatchObject({ valid: true })
    for (const path of ['/users', '/api/users', '/credentials', '/targets', '/api/targets', '/jobs', '/executions']) {
      expect([path, (await ask('GET', path)).status]).toEqual([path, 200])
    }
  })

  test('runs a job and reads its run and steps, by number or serial', async () => {
    await app.admin(api.targets.create, { body: { name: 'here', methods: [{ type: 'local', config: {} }] } })
    const { serial } = await app.admin(api.jobs.create, {
      body: { name: 'older', targets: ['here'], steps: [{ type: 'ssh.exec', command: 'echo hello' }] },
    })
    const jobs = (await ask('GET', '/jobs')).body['items'] as { id: number; serial: string }[]
    expect(jobs[0]).toMatchObject({ id: expect.any(Number) as number, serial })
    for (const path of [`/jobs/${jobs[0]?.id}/run`, `/jobs/${serial}/execute`, `/api/v1/jobs/${serial}/run`]) {
      const { status, body } = await ask('POST', path, {})
      expect([path, status]).toEqual([path, 202])
      const uuid = String(body['uuid'])
      await until(async () => (await ask('GET', `/runs/${uuid}`)).body['status'] === 'completed')
      const steps = (await ask('GET', `/runs/${uuid}/steps`)).body['items']
      expect(steps).toMatchObject([{ exitCode: 0, command: 'echo hello' }])
      expect((await ask('GET', `/api/v1/runs/${uuid}/steps`)).body['items']).toMatchObject([{ exitCode: 0 }])
    }
    const runs = (await ask('GET', '/runs')).body['items'] as { id: number; uuid: string }[]
    expect(runs).toHaveLength(3)
    expect((await ask('GET', `/runs/${runs[0]?.id}`)).body).toMatchObject({ uuid: runs[0]?.uuid, id: runs[0]?.id })
    expect(((await ask('GET', '/api/v1/runs')).body['items'] as object[]).length).toBe(3)
  })

  test('asks for the health of a module without logging in, and for the executors', async () => {
    for (const name of ['users', 'credentials', 'targets', 'jobs']) {
      const answer = await fetch(`${app.url}/api/v1/${name}/health`)
      expect([answer.status, await answer.json()]).toMatchObject([200, { status: 'ok', database: { status: 'ok' } }])
    }
    await until(async () => {
      const { items } = (await ask('GET', '/executor/status')).body as { items: object[] }
      return items.length === 1
    })
    for (const path of ['/api/v1/executor/status', '/worker/status'])
      expect((await ask('GET', path)).body).toMatchObject({ items: [{ zone: 'default' }] })
  })

  test('finds nothing at paths that must not exist', async () => {
    for (const path of ['/internal/decrypt/1', '/internal/notifications']) {
      expect((await ask('GET', path)).status).toBe(404)
      expect((await ask('POST', path, {})).status).toBe(404)
    }
  })
})
