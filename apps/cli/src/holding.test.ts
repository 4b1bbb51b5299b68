import { api } from '@opsconductor/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startPeer, type Peer } from './testing/peer.ts'
import { execution } from './testing/samples.ts'
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

const opsctl = (args: string[]) => world.opsctl(args, { env: { OPSCONDUCTOR_TOKEN: 'access' } })

test('an execution is paused, let go on, and resumed; what it waits for is said', async () => {
  const asked: unknown[] = []
  peer.answer(api.executions.pause, () => execution('paused'))
  peer.answer(api.executions.continue, () => execution('running'))
  peer.answer(api.executions.rerun, ({ body }) => (asked.push(body), execution('running')))
  expect((await opsctl(['executions', 'pause', 'X.1'])).stdout).toBe('JOB-2026-000001.1 is paused.\n')
  expect((await opsctl(['executions', 'continue', 'X.1'])).stdout).toBe('JOB-2026-000001.1 is running.\n')
  await opsctl(['executions', 'rerun', 'X.1', '--resume', '--confirm'])
  expect(asked).toEqual([{ from: 'failed', confirm: true }])
  peer.answer(api.executions.read, () =>
    execution(
      'queued',
      { scheduled: 1 },
      {
        waitingFor: {
          kind: 'job',
          message: 'It runs alone.',
          references: [{ kind: 'execution', ref: 'JOB-2026-000001.7', name: 'restart' }],
        },
      },
    ),
  )
  peer.answer(api.executions.branches, () => ({ items: [], nextCursor: null }))
  peer.answer(api.executions.allSteps, () => ({ items: [], nextCursor: null }))
  expect((await opsctl(['executions', 'show', 'X.1'])).stdout).toMatch(/waits for +It runs alone\. JOB-2026-000001\.7/)
})

test('executors are listed with their slots', async () => {
  const at = '2026-01-02T03:04:05.000Z'
  const executor = { name: 'box:12', zone: 'default', slots: 50, running: 3, isLive: true, startedAt: at, seenAt: at }
  peer.answer(api.executors.list, () => ({ items: [executor, { ...executor, name: 'old:7', isLive: false }] }))
  const { stdout } = await opsctl(['executors', 'list'])
  expect(stdout).toMatch(/box:12 +default +live +3\/50/)
  expect(stdout).toMatch(/old:7 +default +silent +-\/50/)
})

test('a priority is a number within its bounds', async () => {
  expect((await opsctl(['jobs', 'run', 'x', '--priority', '101'])).stderr).toContain('a number from -100 to 100')
})
