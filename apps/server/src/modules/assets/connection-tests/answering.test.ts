import { api, ConnectionTest } from '@opsconductor/contract'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { startApp, type TestApp } from '../../../../test/app.ts'

// nobody executes here, so a test waits until this file does it
let app: TestApp
beforeAll(async () => {
  app = await startApp({ services: ['gateway'] })
})
afterAll(() => app?.[Symbol.asyncDispose]())
afterEach(() => vi.restoreAllMocks())

/** Asks for a test of a new target. @returns the answer to come, and the number of the test, which has begun */
const begin = async (name: string) => {
  const target = await app.admin(api.targets.create, {
    body: { name, methods: [{ type: 'postgresql', config: { host: '192.0.2.1' } }] },
  })
  const answer = app.admin.raw(api.targets.test, { params: { ref: target.uuid }, query: {}, body: {} })
  const started = async () =>
    (await app.database
      .asOwner(`select t.uuid from assets.connection_tests t join assets.targets on targets.id = target_id
      where targets.uuid = '${target.uuid}'`)) as { uuid: string }[]
  await expect.poll(started).toHaveLength(1)
  const [row] = await started()
  const uuid = row?.uuid ?? ''
  const params = { ref: target.uuid, test: uuid }
  return { answer, uuid, read: () => app.admin(api.targets.readTest, { params }) }
}
const execute = (uuid: string) => app.assets.runTest(app.contextOf('executor'), { test: uuid })

test('a test that ends in time is answered with its result', async () => {
  const { answer, uuid } = await begin('quick')
  await execute(uuid)
  const response = await answer
  expect(response.status).toBe(200)
  expect(ConnectionTest.parse(await response.json())).toMatchObject({ uuid, isFinished: true })
})

test('a test that takes longer than 30 s is 202 Accepted, and has its result later', async () => {
  const { answer, uuid, read } = await begin('slow')
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 31_000)
  const response = await answer
  expect(response.status).toBe(202)
  expect(ConnectionTest.parse(await response.json())).toMatchObject({ uuid, isFinished: false, methods: [] })
  await execute(uuid)
  expect(await read()).toMatchObject({ isFinished: true, methods: [{ isOk: false }] })
})

test('the OpenAPI document knows both answers', async () => {
  const document = (await (await fetch(`${app.url}/api/openapi.json`)).json()) as {
    paths: Record<string, { post?: { responses: Record<string, { description: string; content: object }> } }>
  }
  const { 200: done, 202: goesOn } = document.paths['/api/v1/targets/{ref}/test']?.post?.responses ?? {}
  expect(goesOn?.content).toEqual(done?.content)
  expect(done?.content).toBeDefined()
})
