import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal } from '../../../../test/client.ts'
import { startExecutorProcess } from '../../../../test/service-process.ts'
import { type LocalHosts, startLocalHosts } from '../../../../test/local-hosts.ts'
import { until } from '../../../../test/until.ts'

let fleet: LocalHosts
beforeAll(async () => {
  fleet = await startLocalHosts({ hosts: 2, settings: { EXECUTOR_SLOTS: '1' } })
})
afterAll(() => fleet?.[Symbol.asyncDispose]())

const exec = (command: string) => ({ type: 'ssh.exec', command }) as const
const daySec = 86_400

test('a step waits so long, and then the next one runs', async () => {
  const file = fleet.fresh()
  const started = await fleet.start({
    targets: ['host-1'],
    steps: [exec(`echo before >> ${file}`), { type: 'wait', durationSec: 0.4 }, exec(`echo after >> ${file}`)],
  })
  expect((await fleet.ended(started)).status).toBe('completed')
  const [first, wait, last] = await fleet.steps(started.uuid)
  expect(wait).toMatchObject({ type: 'wait', status: 'completed', method: null, command: 'wait 0.4 s' })
  const waited = Date.parse(last?.startedAt ?? '') - Date.parse(first?.finishedAt ?? '')
  expect(waited).toBeGreaterThanOrEqual(400)
  expect(fleet.linesIn(file)).toEqual(['before', 'after'])
})

test('a wait of a day holds no slot, says until when, and is cancelled at once', async () => {
  const started = await fleet.start({
    steps: [exec('true'), { id: 'night', type: 'wait', durationSec: daySec }, exec('true')],
    strategy: { concurrency: 2 },
  })
  // with one slot, the second branch comes as far as the first only when that has let go
  await until(async () => (await fleet.branches(started.uuid)).every(({ dueAt }) => dueAt !== null))
  const [branch] = await fleet.branches(started.uuid)
  const [, wait] = await fleet.steps(started.uuid)
  expect(wait).toMatchObject({ status: 'running', dueAt: branch?.dueAt })
  expect(Date.parse(wait?.dueAt ?? '') - Date.parse(wait?.startedAt ?? '')).toBeCloseTo(daySec * 1000, -2)
  const reason = { kind: 'time', message: `A step waits until ${branch?.dueAt?.replace(/\.\d+Z$/, 'Z')}.` }
  expect((await fleet.branch(started.uuid, 1)).waitingFor).toMatchObject(reason)
  expect((await fleet.read(started.uuid)).waitingFor).toMatchObject({ kind: 'time' })

  // the only slot is free
  expect((await fleet.ended(await fleet.start({ targets: ['host-1'] }))).status).toBe('completed')

  await fleet.cancel(started.uuid)
  expect(await fleet.ended(started)).toMatchObject({ status: 'cancelled', cancelOutcome: 'stopped' })
  expect((await fleet.steps(started.uuid)).map(({ status }) => status)).toEqual(['completed', 'cancelled', 'cancelled'])
  expect(await fleet.branches(started.uuid)).toMatchObject([
    { status: 'cancelled', dueAt: null, message: 'Cancelled by admin while it waited.' },
    { status: 'cancelled', dueAt: null },
  ])
})

test('a cancel that comes when a wait has just begun ends it, too', async () => {
  const { database } = fleet
  await database.asOwner(`
    create function automation.cancel_at_wait() returns trigger language plpgsql as $$ begin
      update automation.executions set cancel_requested_at = now(), cancel_requested_by = 'admin' where id = new.execution_id;
      return null;
    end $$`)
  await database.asOwner(`
    create trigger cancel_at_wait after update on automation.step_results for each row
    when (new.status = 'running' and new.due_at is not null and new.message is null)
    execute function automation.cancel_at_wait()`)
  try {
    const started = await fleet.start({
      targets: ['host-1'],
      steps: [{ type: 'wait', durationSec: daySec }, exec('true')],
    })
    expect(await fleet.ended(started)).toMatchObject({ status: 'cancelled', cancelOutcome: 'stopped' })
    expect((await fleet.steps(started.uuid)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
  } finally {
    await database.asOwner('drop trigger cancel_at_wait on automation.step_results')
    await database.asOwner('drop function automation.cancel_at_wait()')
  }
})

test('a step waits until a moment, which may be a parameter; one that is past is no wait', async () => {
  const { serial } = await fleet.addJob({
    targets: ['host-1'],
    parameters: { from: { type: 'string' } },
    steps: [{ type: 'wait', until: '{{ from }}' }, exec('true')],
  })
  const from = new Date(Date.now() + 2_500).toISOString()
  const started = await fleet.startJob(serial, { parameters: { from } })
  const execution = await fleet.ended(started)
  expect(execution.status).toBe('completed')
  expect(Date.parse(execution.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(from))
  expect((await fleet.steps(started.uuid))[0]).toMatchObject({ command: `wait until ${from}`, dueAt: from })

  const past = await fleet.startJob(serial, { parameters: { from: '2026-01-01 00:00Z' } })
  expect((await fleet.ended(past)).status).toBe('completed')
  expect((await refusal(fleet.startJob(serial, { parameters: { from: 'tonight' } }))).fields).toEqual([
    {
      path: 'steps.0.until',
      message: '"tonight" is not a moment with a time zone, such as 2027-01-31T02:00:00+01:00',
    },
  ])
})

test('a moment that is none, or too far away, is refused when the job is saved', async () => {
  const problems = async (until: string) =>
    (await refusal(fleet.addJob({ steps: [{ type: 'wait', until }] }))).fields?.map(({ message }) => message)
  expect(await problems('2027-01-31T02:00:00')).toEqual([expect.stringContaining('not a moment with a time zone')])
  expect(await problems('3027-01-31T02:00:00Z')).toEqual([expect.stringContaining('more than a year away')])
  const both = { type: 'wait', durationSec: 1, until: '2027-01-31T02:00:00Z' } as const
  expect((await refusal(fleet.addJob({ steps: [both] }))).code).toBe('invalid')
  expect((await refusal(fleet.addJob({ steps: [{ type: 'wait' }] }))).code).toBe('invalid')
})

test('an executor that dies while a step waits changes nothing of when it goes on', async () => {
  await using lone = await startLocalHosts({
    hosts: 1,
    services: ['gateway', 'scheduler'],
    settings: { LEASE_SEC: '2' },
  })
  const file = lone.fresh()
  const steps = (durationSec: number) => [
    exec(`echo before >> ${file}`),
    { type: 'wait' as const, durationSec },
    exec(`echo after >> ${file}`),
  ]
  const executor = await startExecutorProcess(lone.app, { LOCAL_TRANSPORT: 'true' })
  const kept = await lone.start({ steps: steps(1.9) })
  await until(async () => (await lone.steps(kept.uuid))[1]?.status === 'running')
  const aside = await lone.start({ steps: steps(5) })
  await until(async () => (await lone.branches(aside.uuid))[0]?.dueAt !== null)
  executor.kill('SIGKILL')
  await using _second = await startExecutorProcess(lone.app, { LOCAL_TRANSPORT: 'true' })
  for (const started of [kept, aside]) {
    expect((await lone.ended(started, 60_000)).status).toBe('completed')
    const wait = (await lone.steps(started.uuid))[1]
    expect(Date.parse(wait?.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(wait?.dueAt ?? ''))
  }
  expect(lone.linesIn(file).toSorted()).toEqual(['after', 'after', 'before', 'before'])
})
