import { api } from '@opsconductor/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Refusal, startPeer, type Peer } from './testing/peer.ts'
import { execution, jobDetail, uuid } from './testing/samples.ts'
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

const opsctl = (args: string[], options: { typed?: string } = {}) =>
  world.opsctl(args, { ...options, env: { OPSCONDUCTOR_TOKEN: 'access' } })

const method = { uuid: uuid(30), type: 'ssh', host: '10.0.0.1', port: 22 }
const target = { uuid: uuid(31), serial: 'TGT-2026-000001', name: 'web1' }
const plan = {
  hash: 'abc',
  job: { uuid: uuid(10), serial: 'JOB-2026-000001', name: 'restart', version: 1 },
  branches: [
    {
      number: '001',
      target,
      batch: 1,
      method,
      credential: 'deploy',
      steps: [
        {
          id: 's',
          name: 'step-1',
          type: 'ssh.exec',
          target,
          method,
          credential: 'deploy',
          command: 'echo a\necho b\n',
          dependsOn: [],
          mode: 'attached' as const,
          timeoutSec: 60,
        },
      ],
    },
  ],
  warnings: ['a secret would stand in an argument'],
  sinceSuccess: null,
}

test('a plan shows the literal commands, and a run after it is of exactly that plan', async () => {
  peer.answer(api.jobs.read, () => jobDetail())
  peer.answer(api.jobs.plan, () => plan)
  const started: unknown[] = []
  peer.answer(api.executions.start, ({ body }) => {
    started.push(body)
    return execution('queued', { queued: 1 })
  })
  const shown = await opsctl(['jobs', 'plan', 'JOB-2026-000001'])
  expect(shown.stdout).toContain(
    '  step-1 (ssh.exec): ssh 10.0.0.1:22, deploy, attached, at most 60 s\n    echo a\n    echo b\n',
  )
  expect(shown.stderr).toBe('warning: a secret would stand in an argument\n')

  const run = ['jobs', 'run', 'JOB-2026-000001', '--plan']
  const declined = await opsctl(run, { typed: 'n\r' })
  expect(declined.stderr).toContain('Nothing was started. Run exactly this with --plan-hash abc')
  await opsctl(run)
  expect(started).toEqual([])
  await opsctl(run, { typed: 'y\r' })
  await opsctl([...run, '--yes'])
  expect(started).toEqual([
    { parameters: {}, planHash: 'abc' },
    { parameters: {}, planHash: 'abc' },
  ])
})

const change = { target, step: 'Look', change: 'changed' as const, before: null, after: null }

test('a plan says what it depends on and what is different from the last success', async () => {
  const diff = {
    changes: [
      { ...change, what: 'credential' as const, before: 'root', after: 'deploy' },
      { ...change, what: 'command' as const, before: 'echo a', after: 'echo b\necho c' },
      { ...change, what: 'target' as const, change: 'added' as const, step: null },
    ],
    total: 60,
  }
  const [branch] = plan.branches
  const steps = branch?.steps.map((step) => ({ ...step, dependsOn: ['steps.build.stdout'] })) ?? []
  const last = { uuid: uuid(40), ref: 'JOB-2026-000001.3', finishedAt: null }
  peer.answer(api.jobs.read, () => jobDetail())
  peer.answer(api.jobs.plan, () => ({
    ...plan,
    branches: plan.branches.map((each) => ({ ...each, steps })),
    sinceSuccess: { execution: last, diff },
  }))
  const { stdout } = await opsctl(['jobs', 'plan', 'JOB-2026-000001'])
  expect(stdout).toContain('    uses steps.build.stdout, known only when it runs\n')
  expect(stdout).toContain(
    [
      'different from JOB-2026-000001.3, the last that completed:',
      '  web1, Look: now uses deploy, before root.',
      '  web1, Look: the command is another one.',
      '    - echo a',
      '    + echo b',
      '    + echo c',
      '  web1 has been added.',
      '  and 57 more',
      '',
    ].join('\n'),
  )

  peer.answer(api.executions.start, () => {
    throw Object.assign(new Refusal('plan_changed', 'Look at the new plan.'), { diff })
  })
  const run = await opsctl(['jobs', 'run', 'JOB-2026-000001', '--plan-hash', 'old'])
  expect([run.code, run.stdout]).toEqual([7, ''])
  expect(run.stderr).toContain('    - echo a\n    + echo b\n')
})
