import { api, type ServerFrame } from '@opsconductor/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startApp, type TestApp } from '../../../../test/app.ts'
import type { Client } from '../../../../test/client.ts'
import { insertExecution } from '../../../../test/branch-rows.ts'
import { forge, tokenKey } from '../../../../test/forge.ts'
import { type Live, openLive } from '../../../../test/live.ts'
import { until } from '../../../../test/until.ts'

let app: TestApp
let number = 0
beforeAll(async () => {
  app = await startApp({ settings: { LOCAL_TRANSPORT: 'true' } })
  await app.admin(api.targets.create, { body: { name: 'here', methods: [{ type: 'local', config: {} }] } })
})
afterAll(() => app?.[Symbol.asyncDispose]())

const start = async (command: string) => {
  const job = await app.admin(api.jobs.create, {
    body: { name: `job ${++number}`, targets: ['here'], steps: [{ type: 'ssh.exec', command }] },
  })
  return app.admin(api.executions.start, { params: { ref: job.serial }, body: {} })
}
const codeOf = (frame: ServerFrame | undefined) => (frame?.type === 'problem' ? frame.problem.code : frame?.type)
const outputs = (frames: readonly ServerFrame[]) => frames.filter((frame) => frame.type === 'output')
const linesOf = (frames: readonly ServerFrame[]) => outputs(frames).flatMap(({ lines }) => lines)
const isComplete = (frame: ServerFrame) => frame.type === 'output' && frame.isComplete

/** Puts the pieces of lines together; the numbers must be without gaps. */
const whole = (frames: readonly ServerFrame[]) => {
  const lines = new Map<number, string>()
  for (const { line, text } of linesOf(frames)) lines.set(line, (lines.get(line) ?? '') + text)
  return [...lines].toSorted(([a], [b]) => a - b)
}

test('output comes live, in order and without gaps, and says when it is complete', async () => {
  const { uuid } = await start('for i in $(seq 1 40); do echo line $i; sleep 0.02; done')
  await using live = await openLive(app)
  live.subscribe('out', { topic: 'output', ref: uuid, branch: 1, from: 0 })
  await live.until(isComplete)
  const seqs = linesOf(live.frames).map(({ seq }) => seq)
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
  expect(new Set(seqs).size).toBe(Math.max(...seqs))
  expect(whole(live.frames)).toEqual(Array.from({ length: 40 }, (_, index) => [index + 1, `line ${index + 1}`]))
  expect(outputs(live.frames).length).toBeGreaterThan(3)
  expect(outputs(live.frames).filter(isComplete)).toHaveLength(1)
})

test('a connection that is cut in the middle goes on where it was, and nothing is missing or double', async () => {
  const { uuid } = await start('for i in $(seq 1 60); do echo $i; sleep 0.01; done; seq 61 3000')
  const frames: ServerFrame[] = []
  let from = 0
  while (!frames.some(isComplete)) {
    await using live = await openLive(app)
    live.subscribe('out', { topic: 'output', ref: uuid, branch: 1, from })
    await live.until(({ type }) => type === 'output')
    live.socket.terminate()
    const received = outputs(live.frames)
    frames.push(...received)
    from = received.at(-1)?.seq ?? from
  }
  expect(whole(frames)).toEqual(Array.from({ length: 3000 }, (_, index) => [index + 1, String(index + 1)]))
  const seqs = linesOf(frames).map(({ seq }) => seq)
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
})

test('who comes later gets all of it', async () => {
  const { uuid } = await start('seq 1 5000')
  await until(async () => (await app.admin(api.executions.read, { params: { ref: uuid } })).finishedAt !== null)
  await using live = await openLive(app)
  live.subscribe('out', { topic: 'output', ref: uuid, branch: 1, from: 0 })
  await live.until(isComplete)
  expect(whole(live.frames)).toHaveLength(5000)
})

test('changes of an execution come with numbers that only grow, up to its end', async () => {
  const { uuid } = await start('sleep 0.4')
  await using live = await openLive(app)
  live.subscribe('it', { topic: 'execution', ref: uuid, from: 0 })
  await live.until((frame) => frame.type === 'execution' && frame.execution.status === 'completed')
  const frames = live.frames.filter((frame) => frame.type === 'execution')
  const seqs = frames.map(({ seq }) => seq)
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b))
  const last = frames.at(-1)
  expect(last?.branches.at(-1)?.status).toBe('completed')
  expect(frames.flatMap(({ steps }) => steps).at(-1)).toMatchObject({ status: 'completed', exitCode: 0 })
  // from the last number on there is nothing new but the state itself
  live.subscribe('again', { topic: 'execution', ref: uuid, from: last?.seq ?? 0 })
  await live.until((frame) => frame.type === 'execution' && frame.id === 'again')
  expect(live.frames.at(-1)).toMatchObject({ branches: [], steps: [] })
})

test('of an execution with very many branches and steps every row comes, in frames of bounded size', async () => {
  const [branches, steps] = [12_000, 2]
  const { uuid } = await insertExecution(app.database, { branches, steps })
  await using live = await openLive(app)
  live.subscribe('big', { topic: 'execution', ref: uuid, from: 0 })
  const rows = () => live.frames.flatMap((frame) => (frame.type === 'execution' ? frame.branches : []))
  const results = () => live.frames.flatMap((frame) => (frame.type === 'execution' ? frame.steps : []))
  await live.until((frame) => frame.type === 'execution' && frame.seq === 1)
  expect(new Set(rows().map(({ number }) => number)).size).toBe(branches)
  expect(new Set(results().map(({ branch, index }) => `${branch}.${index}`)).size).toBe(branches * steps)
  const frames = live.frames.filter((frame) => frame.type === 'execution')
  expect(Math.max(...frames.map((frame) => frame.branches.length + frame.steps.length))).toBeLessThanOrEqual(2_000)
  // cut anywhere before the end, nothing is missing from the number of the last frame on
  expect(new Set(frames.slice(0, -1).map(({ seq }) => seq))).toEqual(new Set([0]))
})

test('the log comes live', async () => {
  const { uuid } = await start('true')
  await using live = await openLive(app)
  live.subscribe('log', { topic: 'log', ref: uuid, from: 0 })
  const lines = () => live.frames.flatMap((frame) => (frame.type === 'log' ? frame.lines : []))
  await until(() => lines().some(({ message }) => message.startsWith('The execution is completed')))
  expect(lines().map(({ seq }) => seq)).toEqual(lines().map((_, index) => index + 1))
})

test('lists say that they changed', async () => {
  await using live = await openLive(app)
  live.subscribe('list', { topic: 'executions' })
  live.subscribe('targets', { topic: 'targets' })
  live.send({ type: 'ping' })
  await live.until(({ type }) => type === 'pong')
  await start('true')
  await live.until((frame) => frame.type === 'changed' && frame.id === 'list')
  expect(live.frames.some((frame) => frame.type === 'changed' && frame.id === 'targets')).toBe(false)
})

test('the first frame must say who one is, truly', async () => {
  await using refused = await openLive(app, 'not a token')
  expect(codeOf(refused.frames[0])).toBe('unauthenticated')
  await until(() => refused.socket.readyState === WebSocket.CLOSED)
})

describe.concurrent('a connection ends with what it stands on', () => {
  const short = (who: Client) => forge(who, tokenKey(app), (token) => token.setExpirationTime('2 s'))
  const endOf = async (live: Live) => [await live.closed, codeOf(live.frames.at(-1))]

  test('with its token', async ({ expect }) => {
    await using live = await openLive(app, await short(app.admin))
    expect(await endOf(live)).toEqual([4401, 'token_expired'])
  })

  test('not when a new one of the same user came in time, but when one of another user came', async ({ expect }) => {
    await using live = await openLive(app, await short(app.admin))
    const [first] = live.frames
    live.send({ type: 'authenticate', accessToken: app.admin.accessToken })
    await until(() => live.frames.length === 2)
    const expiresAtMs = first?.type === 'authenticated' ? Date.parse(first.expiresAt) : Number.NaN
    await until(() => Date.now() > expiresAtMs + 100)
    live.send({ type: 'ping' })
    await live.until(({ type }) => type === 'pong')

    live.send({ type: 'authenticate', accessToken: (await app.as('viewer')).accessToken })
    expect(await endOf(live)).toEqual([4401, 'forbidden'])
  })

  test('with its session', async ({ expect }) => {
    const user = await app.as('viewer')
    await using live = await openLive(app, user.accessToken)
    await user(api.auth.revokeAll, { body: {} })
    expect(await endOf(live)).toEqual([4401, 'token_revoked'])
  })

  test('when its user may do less than before', async ({ expect }) => {
    const user = await app.as('operator')
    await using live = await openLive(app, user.accessToken)
    await app.admin(api.users.update, { params: { ref: user.me.uuid }, body: { roles: ['viewer'] } })
    expect(await endOf(live)).toEqual([4401, 'token_revoked'])
    expect(live.frames.at(-1)).toMatchObject({ problem: { detail: 'Your permissions have changed. Log in again.' } })
  })
})

test('one sees only what one may', async () => {
  const { uuid } = await start('true')
  await using guest = await openLive(app, (await app.as('guest')).accessToken)
  guest.subscribe('out', { topic: 'output', ref: uuid, branch: 1, from: 0 })
  guest.subscribe('list', { topic: 'targets' })
  await until(() => guest.frames.length === 3)
  expect(guest.frames.slice(1).map(codeOf)).toEqual(['forbidden', 'forbidden'])

  await using live = await openLive(app)
  live.subscribe('none', { topic: 'execution', ref: 'JOB-2026-999999.1', from: 0 })
  live.subscribe('branch', { topic: 'output', ref: uuid, branch: 99, from: 0 })
  live.socket.send('not JSON')
  live.socket.send('{"type":"shout"}')
  await until(() => live.frames.length === 5)
  expect(new Set(live.frames.slice(1).map(codeOf))).toEqual(new Set(['not_found', 'malformed']))
})

test('another site’s page may not connect', async () => {
  const url = `${app.url.replace(/^http/, 'ws')}/api/v1/live`
  const codes = await Promise.all(
    ['https://evil.example', 'null'].map(async (origin) => {
      const socket = new WebSocket(url, { origin })
      return new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)))
    }),
  )
  expect(codes).toEqual([4403, 4403])
  const own = new WebSocket(url, { origin: app.url })
  await new Promise((resolve) => own.once('open', resolve))
  own.terminate()
})
