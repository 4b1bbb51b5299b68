import { api } from '@opsconductor/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusalCode } from '../../../../test/client.ts'
import { type LocalHosts, startLocalHosts } from '../../../../test/local-hosts.ts'

let fleet: LocalHosts
beforeAll(async () => {
  fleet = await startLocalHosts({ hosts: 12 })
})
afterAll(() => fleet?.[Symbol.asyncDispose]())

const six = ['host-1', 'host-2', 'host-3', 'host-4', 'host-5', 'host-6']

test('no more branches run at once than the concurrency says', async () => {
  const file = fleet.fresh()
  const command = `echo + >> ${file}; sleep 0.1; echo - >> ${file}`
  const started = await fleet.start({ command, targets: six, strategy: { concurrency: 2 } })
  expect((await fleet.ended(started)).counts.completed).toBe(6)
  let open = 0
  const opened = fleet.linesIn(file).map((sign) => (open += sign === '+' ? 1 : -1))
  expect(Math.max(...opened)).toBeLessThanOrEqual(2)
  expect(opened).toHaveLength(12)
})

test('a batch begins when the one before is through', async () => {
  const file = fleet.fresh()
  const command = `echo {{ branch.number }} >> ${file}; sleep 0.05`
  const started = await fleet.start({ command, targets: six, strategy: { batches: [1, 2, '100%'] } })
  await fleet.ended(started)
  expect((await fleet.branches(started.uuid)).map(({ batch }) => batch)).toEqual([1, 2, 2, 3, 3, 3])
  const order = fleet.linesIn(file)
  expect(order[0]).toBe('001')
  expect(new Set(order.slice(1, 3))).toEqual(new Set(['002', '003']))
  expect(new Set(order.slice(3))).toEqual(new Set(['004', '005', '006']))
})

test('after too many failures nothing more is started', async () => {
  const file = fleet.fresh()
  const started = await fleet.start({
    command: `echo {{ branch.number }} >> ${file}; test {{ branch.number }} = 001`,
    targets: six,
    strategy: { concurrency: 1, maxFailures: 1 },
  })
  const execution = await fleet.ended(started)
  expect(execution).toMatchObject({ status: 'failed', counts: { completed: 1, failed: 2, skipped: 3 } })
  expect(fleet.linesIn(file)).toEqual(['001', '002', '003'])
  expect((await fleet.branches(started.uuid))[5]).toMatchObject({
    status: 'skipped',
    message: 'Not started: more than 1 of the branches of batch 1 failed.',
  })
})

test('no failure at all can be allowed', async () => {
  const started = await fleet.start({
    command: 'false',
    targets: six,
    strategy: { concurrency: 1, maxFailures: 0 },
  })
  expect((await fleet.ended(started)).counts).toMatchObject({ failed: 1, skipped: 5 })
})

test('failures are counted batch by batch, and a percentage is of the batch', async () => {
  const file = fleet.fresh()
  // one of two fails in each of the first two batches, and all of the third
  const command = `echo {{ branch.number }} >> ${file}; case {{ branch.number }} in 001|003) false;; 002|004) true;; *) false;; esac`
  const started = await fleet.start({ command, strategy: { batches: [2, 2, 4], maxFailures: '50%' } })
  const execution = await fleet.ended(started)
  expect(execution.counts).toMatchObject({ completed: 2, failed: 6, skipped: 4 })
  expect(await fleet.log(started.uuid)).toContain(
    '4 branches are not started: more than 50% of the branches of batch 3 failed.',
  )
})

test('branches that wait in the queue are not started either', async () => {
  // more than the slots: they are all in the queue when the first one fails
  await using one = await startLocalHosts({ hosts: 12, settings: { EXECUTOR_SLOTS: '2' } })
  const file = one.fresh()
  const command = `echo {{ branch.number }} >> ${file}; sleep 0.1; false`
  const execution = await one.ended(await one.start({ command, strategy: { maxFailures: 0 } }))
  // the one that failed, and those in flight beside it
  expect(one.linesIn(file).length).toBeLessThanOrEqual(3)
  expect(execution.counts.failed + execution.counts.skipped).toBe(12)
})

test('a percentage that is none is refused', async () => {
  for (const maxFailures of ['10 %', '101%'])
    expect(await refusalCode(fleet.addJob({ strategy: { maxFailures } }))).toBe('invalid')
})

const orderOf = async (ref: string) => (await fleet.branches(ref)).map(({ target }) => target.name)

test('targets come by name where the strategy says so', async () => {
  const targets = ['host-10', 'host-2', 'host-1']
  const started = await fleet.start({ targets, strategy: { order: 'name' } })
  expect(await orderOf(started.uuid)).toEqual(['host-1', 'host-2', 'host-10'])
  expect(await orderOf((await fleet.start({ targets })).uuid)).toEqual(targets)
})

test('a random order is another one each time, as it was planned, and the same when it is run again', async () => {
  const { serial } = await fleet.addJob({ strategy: { order: 'random' } })
  const plan = await fleet.admin(api.jobs.plan, { params: { ref: serial }, body: {} })
  const first = await fleet.startJob(serial, { planHash: plan.hash })
  const order = await orderOf(first.uuid)
  expect(order).toEqual(plan.branches.map(({ target }) => target.name))
  expect(order.toSorted()).toEqual(fleet.names.toSorted())
  const second = await fleet.startJob(serial)
  expect(await orderOf(second.uuid)).not.toEqual(order)
  await fleet.ended(first)
  expect(await orderOf((await fleet.rerun(first.uuid)).uuid)).toEqual(order)
})

test('numbers are drawn without gaps, also when a job is started many times at once', async () => {
  const { uuid } = await fleet.addJob({ targets: ['host-1'] })
  const started = await Promise.all(Array.from({ length: 10 }, () => fleet.startJob(uuid)))
  expect(started.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  for (const execution of started) await fleet.ended(execution)
})
