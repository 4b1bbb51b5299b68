import { allRoutes, api } from '@opsconductor/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '../test/app.ts'
import { prepareWorld, type RouteName, type World } from '../test/route-inputs.ts'

let app: TestApp
let world: World
beforeAll(async () => {
  app = await startApp({ settings: { LOCAL_TRANSPORT: 'true' } })
  world = await prepareWorld(app)
})
afterAll(() => app?.[Symbol.asyncDispose]())

/** A list with something in it that a word finds and the other words do not. */
type Search = (world: World) => Promise<{ params?: object; q: string; shows: string }>

const searches: Partial<Record<RouteName, Search>> = {
  'users.list': async ({ user }) => {
    const { username } = await user()
    return { q: username.toUpperCase(), shows: username }
  },
  'credentials.list': async ({ credential }) => {
    const { name } = await credential()
    return { q: name, shows: name }
  },
  'credentials.uses': async ({ app, credential, unique }) => {
    const { name, uuid } = await credential()
    const target = await app.admin(api.targets.create, {
      body: {
        name: unique('used'),
        methods: [{ type: 'ssh', config: { host: '127.0.0.1', port: 1 }, credential: uuid }],
      },
    })
    await app.admin(api.targets.test, { params: { ref: target.uuid }, query: {}, body: {} })
    return { params: { ref: name }, q: target.name, shows: target.uuid }
  },
  'targets.list': async ({ target }) => {
    const { name } = await target()
    return { q: name, shows: name }
  },
  'targets.tags': async ({ app, target, unique }) => {
    const tag = unique('tag')
    await app.admin(api.targets.update, {
      params: { ref: (await target()).uuid },
      body: { tags: [tag, unique('tag')] },
    })
    return { q: tag, shows: tag }
  },
  'jobs.list': async ({ job }) => {
    const { name } = await job()
    return { q: name, shows: name }
  },
  'executions.list': async ({ finished }) => {
    const { job, uuid } = await finished()
    return { q: job.name, shows: uuid }
  },
  'executions.branches': async ({ done, app }) => {
    const { items } = await app.admin(api.executions.branches, { params: { ref: done.uuid }, query: {} })
    return { params: { ref: done.uuid }, q: items[0]?.target.name ?? '', shows: items[0]?.uuid ?? '' }
  },
  'executions.log': async ({ done, app }) => {
    const { items } = await app.admin(api.executions.log, { params: { ref: done.uuid }, query: {} })
    const { message, seq } = items.at(-1) ?? { message: '', seq: 0 }
    return { params: { ref: done.uuid }, q: message.toUpperCase(), shows: `"seq":${seq}` }
  },
  'executions.searchOutput': async ({ done }) => ({
    params: { ref: done.uuid, number: '001' },
    q: 'HELLO',
    shows: 'hello',
  }),
  'audit.list': async ({ target }) => {
    const { name } = await target()
    return { q: name, shows: name }
  },
}

const routes = allRoutes().filter(({ route }) => route.query !== undefined && 'q' in route.query.shape)

test('every list that takes words is looked through below', () => {
  expect(routes.map(({ name }) => name).toSorted()).toEqual(Object.keys(searches).toSorted())
})

test.each(routes.map(({ name, route }) => [name as RouteName, route] as const))(
  'words find what has them, and nothing else, in %s',
  async (name, route) => {
    const { params, q, shows } = (await searches[name]?.(world)) ?? { q: '', shows: '' }
    expect(shows).not.toBe('')
    const found = async (words: string) => {
      const answer = await app.admin.raw(route, { ...(params === undefined ? {} : { params }), query: { q: words } })
      return ((await answer.json()) as { items: unknown[] }).items
    }
    expect(JSON.stringify(await found(q))).toContain(shows)
    expect(await found('no-such-word')).toEqual([])
    // signs that mean something to the database are letters like any other
    for (const sign of ['%', '_%_', '\\', '%%%']) expect(await found(sign)).toEqual([])
  },
)
