import {
  api,
  type Branch,
  type ClientFrame,
  type Execution,
  type OutputLine,
  type StepResult,
} from '@opsconductor/contract'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startPeer, type Peer } from './testing/peer.ts'
import { branch, execution, jobDetail, line, uuid } from './testing/samples.ts'
import type { PeerSocket } from './testing/websocket.ts'
import { createWorld } from './testing/world.ts'

let peer: Peer
let world: Awaited<ReturnType<typeof createWorld>>
const env = { OPSCONDUCTOR_TOKEN: 'access' }

beforeEach(async () => {
  peer = await startPeer()
  world = await createWorld(peer.url)
  peer.answer(api.jobs.list, () => ({ items: [jobDetail()], nextCursor: null }))
  peer.answer(api.jobs.read, () => jobDetail())
})

afterEach(async () => {
  await peer.stop()
  await world.remove()
})

type Said = { socket: PeerSocket; connection: number }

/** Plays a server: who authenticates is let in, and what is subscribed to is answered by the test. */
const serve = (subscribed: (to: Extract<ClientFrame, { type: 'subscribe' }>, said: Said) => void) => {
  const heard: ClientFrame[] = []
  let connections = 0
  peer.onSocket((socket) => {
    const connection = ++connections
    socket.onFrame((frame) => {
      heard.push(frame)
      if (frame.type === 'authenticate') socket.send({ type: 'authenticated', expiresAt: '2026-01-02T03:19:05.000Z' })
      if (frame.type === 'subscribe') subscribed(frame, { socket, connection })
    })
  })
  return heard
}

const changed = (seq: number, next: Execution, branches: Branch[] = [], steps: StepResult[] = []) => ({
  type: 'execution' as const,
  id: 'execution',
  seq,
  execution: { ...next, changeSeq: seq },
  branches: branches.map((each) => ({ ...each, changeSeq: seq })),
  steps,
})
const output = (number: number, lines: OutputLine[], isComplete = false) => ({
  type: 'output' as const,
  id: `output ${number}`,
  seq: lines.at(-1)?.seq ?? 0,
  lines,
  isComplete,
})

const run = (...args: string[]) => world.opsctl(['jobs', 'run', 'restart', '--follow', ...args], { env })

test('following one branch shows its text as it is and ends with the outcome', async () => {
  peer.answer(api.executions.start, () => execution('queued', { queued: 1 }))
  const heard = serve(({ to }, { socket }) => {
    if (to.topic === 'execution') socket.send(changed(2, execution('running'), [branch(1, 'running')]))
    if (to.topic === 'output') {
      socket.send(
        output(
          1,
          [line(1, 'Hello '), line(2, 'oh', { stream: 'stderr' }), line(3, 'no end', { continues: true })],
          true,
        ),
      )
      socket.send(changed(3, execution('completed', { completed: 1 }), [branch(1, 'completed')]))
    }
  })
  const { code, stdout, stderr } = await run()
  expect([code, stdout]).toEqual([0, 'Hello \nno end'])
  expect(stderr).toBe(
    'JOB-2026-000001.1 started on 1 target\noh\nJOB-2026-000001.1 completed: 1 completed, after 2.0 s\n',
  )
  expect(heard[0]).toEqual({ type: 'authenticate', accessToken: 'access' })
})

test('several branches stand behind their names, and what failed is told', async () => {
  const both = [branch(1, 'running'), branch(2, 'running')]
  const step = {
    branch: '002',
    index: 1,
    attempt: 1,
    name: 'step-1',
    status: 'failed',
    exitCode: 3,
    signal: null,
    message: null,
    changeSeq: 4,
  }
  peer.answer(api.executions.start, () => execution('running', { running: 2 }))
  serve(({ to }, { socket }) => {
    if (to.topic === 'execution') socket.send(changed(2, execution('running', { running: 2 }), both))
    if (to.topic === 'output') socket.send(output(to.branch, [line(1, `from ${to.branch}`)], true))
    if (to.topic === 'output' && to.branch === 2) {
      const ended = [branch(1, 'completed'), branch(2, 'failed')]
      socket.send(changed(4, execution('failed', { completed: 1, failed: 1 }), ended, [step as StepResult]))
    }
  })
  const { code, stdout, stderr } = await run()
  expect([code, stdout]).toEqual([1, '001 web1 │ from 1\n002 web2 │ from 2\n'])
  expect(stderr).toContain('002 web2 failed: step-1 ended with exit code 3\n')
  expect(stderr).toContain('JOB-2026-000001.1 failed: 1 completed, 1 failed, after 2.0 s\n')
})

test('a connection cut in the middle of the output loses nothing and shows nothing twice', async () => {
  const all = Array.from({ length: 200 }, (_, index) => line(index + 1, `line ${index + 1}`))
  peer.answer(api.executions.start, () => execution('running'))
  serve(({ to }, { socket, connection }) => {
    if (to.topic === 'execution') socket.send(changed(2, execution('running'), [branch(1, 'running')]))
    if (to.topic !== 'output') return
    const missing = all.filter((each) => each.seq > (to.from ?? 0))
    if (connection < 4) {
      // two frames of which the second repeats a line of the first, then the cut
      socket.send(output(1, missing.slice(0, 40)))
      socket.send(output(1, missing.slice(39, 41)))
      // cut once both have surely been handed to the network
      return setImmediate(() => socket.cut())
    }
    socket.send(output(1, missing, true))
    return socket.send(changed(9, execution('completed', { completed: 1 }), [branch(1, 'completed')]))
  })
  const { code, stdout, stderr } = await run()
  expect(code).toBe(0)
  expect(stdout).toBe(all.map((each) => `${each.text}\n`).join(''))
  expect(stderr).toContain('The live connection is cut; trying again …\nThe live connection is back.\n')
})

test('with --json every thing that happens is a line of JSON, the outcome last', async () => {
  peer.answer(api.executions.start, () => execution('running'))
  serve(({ to }, { socket }) => {
    if (to.topic === 'execution')
      socket.send(changed(2, execution('cancelled', { cancelled: 1 }), [branch(1, 'cancelled')]))
    if (to.topic === 'output') socket.send(output(1, [line(1, 'x')], true))
  })
  const { code, stdout, stderr } = await run('--json')
  const told = stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as { type: string })
  expect([code, stderr]).toEqual([6, ''])
  expect(told.map((each) => each.type)).toEqual(['started', 'execution', 'output', 'end'])
  expect(told.at(-1)).toMatchObject({ outcome: 'cancelled', exitCode: 6, execution: { status: 'cancelled' } })
})

test('when the token runs out it is renewed on the same connection', async () => {
  const tokens = (accessToken: string, expiresInSec: number) => ({
    accessToken,
    refreshToken: 'refresh',
    expiresInSec,
    user: { username: 'anna' } as never,
  })
  peer.answer(api.auth.login, () => tokens('first', 32))
  peer.answer(api.auth.refresh, () => tokens('second', 900))
  await world.opsctl(['login', '--username', 'anna', '--password-stdin'], { input: 'secret' })
  peer.answer(api.executions.read, () => execution('running'))
  let connections = 0
  const heard: ClientFrame[] = []
  peer.onSocket((socket) => {
    connections += 1
    socket.onFrame((frame) => {
      heard.push(frame)
      if (frame.type !== 'authenticate') return
      socket.send({ type: 'authenticated', expiresAt: '2026-01-02T03:19:05.000Z' })
      if (frame.accessToken === 'second') socket.send(changed(3, execution('completed', { completed: 1 })))
    })
  })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
  try {
    const following = world.opsctl(['executions', 'output', 'JOB-2026-000001.1', '--follow'])
    await vi.waitFor(() => expect(heard.some((frame) => frame.type === 'subscribe')).toBe(true))
    // half of what is left of the token
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(4_000)
      expect(heard.filter((frame) => frame.type === 'authenticate')).toHaveLength(2)
    })
    expect((await following).code).toBe(0)
  } finally {
    vi.useRealTimers()
  }
  expect(heard.filter((frame) => frame.type === 'authenticate').map((frame) => frame.accessToken)).toEqual([
    'first',
    'second',
  ])
  expect(connections).toBe(1)
})

test('Ctrl-C detaches, and says how to come back and how to cancel', async () => {
  peer.answer(api.executions.start, () => execution('running'))
  serve(({ to }) => {
    if (to.topic === 'execution') process.emit('SIGINT')
  })
  const { code, stderr } = await run()
  expect(code).toBe(130)
  expect(stderr).toContain('Detached: JOB-2026-000001.1 goes on.')
  expect(stderr).toContain('opsctl executions output JOB-2026-000001.1 --follow')
  expect(stderr).toContain('opsctl executions cancel JOB-2026-000001.1')
  expect(process.listenerCount('SIGINT')).toBe(0)
})

test('with --cancel-on-interrupt Ctrl-C cancels, and the end is waited for', async () => {
  peer.answer(api.executions.start, () => execution('running'))
  let live: PeerSocket | undefined
  serve(({ to }, { socket }) => {
    live = socket
    if (to.topic === 'execution') process.emit('SIGINT')
  })
  peer.answer(api.executions.cancel, ({ params }) => {
    expect(params.ref).toBe(uuid(20))
    live?.send(changed(3, execution('cancelled', { cancelled: 1 })))
    return execution('running')
  })
  const { code, stderr } = await run('--cancel-on-interrupt')
  expect(code).toBe(6)
  expect(stderr).toContain('Cancelling JOB-2026-000001.1')
})

test('a branch that does not exist is not waited for', async () => {
  peer.answer(api.executions.read, () => execution('running'))
  serve((_frame, { socket }) => socket.send(changed(2, execution('running'), [branch(1, 'running')])))
  const { code, stderr } = await world.opsctl(['executions', 'output', 'X.1', '--follow', '--branch', '7'], { env })
  expect([code, stderr]).toEqual([4, 'opsctl: JOB-2026-000001.1 has no branch 7\n'])
})

test('what the server refuses ends the following with its word', async () => {
  peer.answer(api.executions.start, () => execution('running'))
  const problem = {
    type: 'about:blank',
    title: '',
    status: 403,
    code: 'forbidden',
    detail: 'You may not see this.',
    requestId: '',
  } as const
  serve((frame, { socket }) => socket.send({ type: 'problem', id: frame.id, problem }))
  const { code, stderr } = await run()
  expect([code, stderr]).toEqual([3, expect.stringContaining('opsctl: You may not see this.')])
})

test('what the server fails to open now is asked for again, from the last number seen', async () => {
  peer.answer(api.executions.start, () => execution('running'))
  const problem = {
    type: '/problems/unavailable',
    title: '',
    status: 503,
    code: 'unavailable',
    detail: 'The database does not answer.',
    requestId: '',
  } as const
  serve(({ id, to }, { socket, connection }) => {
    if (to.topic === 'execution') socket.send(changed(2, execution('running'), [branch(1, 'running')]))
    if (to.topic !== 'output') return
    if (connection === 1) socket.send(output(1, [line(1, 'before')]))
    if (connection < 3) return socket.send({ type: 'problem', id, problem })
    expect(to.from).toBe(1)
    socket.send(output(1, [line(2, 'after')], true))
    socket.send(changed(3, execution('completed', { completed: 1 }), [branch(1, 'completed')]))
  })
  const { code, stdout, stderr } = await run()
  expect([code, stdout]).toEqual([0, 'before\nafter\n'])
  expect(stderr).toContain('The live connection is back.')
})
