import { allRoutes, isWriting, type ProblemError, type Route, urlOf } from '@opsconductor/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../test/app.ts'
import { type Client, refusal } from '../test/client.ts'
import { prepareWorld, type RouteName, routeInputs, type World } from '../test/route-inputs.ts'

/** Every route of the contract, asked for real: nothing is served that is not guarded, and nothing changes unseen. */
const routes = allRoutes()
const named = (wanted: (route: Route) => boolean) =>
  routes.filter(({ route }) => wanted(route)).map(({ name, route }) => [name as RouteName, route] as const)

let app: TestApp
let world: World
let guest: Client

beforeAll(async () => {
  app = await startApp({ settings: { LOCAL_TRANSPORT: 'true' } })
  world = await prepareWorld(app)
  guest = await app.as('guest')
})
afterAll(() => app?.[Symbol.asyncDispose]())

test('every route has an input to be asked with', () => {
  expect(Object.keys(routeInputs).toSorted()).toEqual(routes.map(({ name }) => name).toSorted())
})

describe('a stranger is refused', () => {
  test.each(named(({ access }) => access !== 'public'))('by %s', async (_name, route) => {
    const path = urlOf(route, { ref: 'JOB-2026-000001', method: 'x', number: 1, version: 1, test: 'x' })
    const body = route.body === undefined ? {} : { body: '{}', headers: { 'content-type': 'application/json' } }
    for (const authorization of [undefined, 'Bearer', 'Bearer not-a-token', 'Basic YWRtaW46YWRtaW4=']) {
      const answer = await fetch(`${app.url}${path}`, {
        method: route.method,
        ...body,
        headers: { ...body.headers, ...(authorization === undefined ? {} : { authorization }) },
      })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('content-type')).toContain('application/problem+json')
      expect(await answer.json()).toMatchObject({ status: 401, code: 'unauthenticated' })
    }
  })
})

describe('a guest is refused', () => {
  test.each(named(({ access }) => access !== 'public' && access !== 'signedIn'))('by %s', async (name, route) => {
    const { as: _, ...input } = await routeInputs[name](world)
    const { status, code }: ProblemError['problem'] = await refusal(guest.raw(route, input))
    expect([status, code]).toEqual(code === 'not_found' ? [404, 'not_found'] : [403, 'forbidden'])
  })
})

describe('the contract is kept, and what is written is audited', () => {
  test.each(named(() => true))('by %s', async (name, route) => {
    const { as = app.admin, ...input } = await routeInputs[name](world)
    const answer = await as.raw(route, input)
    expect(answer.status).toBe(route.status)
    expect(mistakesIn(route, await answer.text())).toEqual([])
    const requestId = answer.headers.get('x-request-id')
    const actions = (await app.auditLines()).filter((line) => line.requestId === requestId).map(({ action }) => action)
    // DELETE is another word for what the house calls archive
    expect(actions).toEqual(isWriting(route) ? [name.replace(/\.delete$/, '.archive')] : [])
  })
})

const mistakesIn = (route: Route, body: string) => {
  if (route.answer === undefined) return body === '' ? [] : ['nothing was promised']
  if (route.answer === 'bytes') return []
  return route.answer.safeParse(JSON.parse(body)).error?.issues ?? []
}
