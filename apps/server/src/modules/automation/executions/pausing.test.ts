import { existsSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, refusalCode } from '../../../../test/client.ts'
import { type LocalHosts, startLocalHosts } from '../../../../test/local-hosts.ts'
import { until } from '../../../../test/until.ts'
import { api } from '@opsconductor/contract'

let fleet: LocalHosts
beforeAll(async () => {
  fleet = await startLocalHosts({ settings: { MAX_CONCURRENT_EXECUTIONS: '1' } })
})
afterAll(() => fleet?.[Symbol.asyncDispose]())

/** A command that ends when the file is there. */
const waitsFor = (file: string, log: string) =>
  `echo {{ branch.number }} >> ${log}; until [ -e ${file} ]; do sleep 0.02; done`

test('between two batches a person is waited for, who then lets the next one begin', async () => {
  const file = fleet.fresh()
  const started = await fleet.start({
    command: `echo {{ branch.number }} >> ${file}`,
    strategy: { batches: [1, 2, '100%'], pauseBetweenBatches: true },
  })
  const paused = await fleet.becomes(started, 'paused')
  expect(paused).toMatchObject({
    pausedBy: null,
    pausedAt: expect.any(String) as string,
    counts: { completed: 1, scheduled: 5 },
    waitingFor: { kind: 'person', message: 'Batch 1 is through. Somebody has to let batch 2 begin.' },
  })
  expect(fleet.linesIn(file)).toEqual(['001'])
  await fleet.continue(started.uuid)
  await until(async () => (await fleet.read(started.uuid)).counts.completed === 3)
  await fleet.becomes(started, 'paused')
  expect(fleet.linesIn(file).toSorted()).toEqual(['001', '002', '003'])
  await fleet.continue(started.uuid)
  expect(await fleet.ended(started)).toMatchObject({ status: 'completed', pausedAt: null })
  expect(await fleet.log(started.uuid)).toEqual(
    expect.arrayContaining([
      'Batch 1 is through. Batch 2 waits until a person lets it begin.',
      'admin let the execution go on with batch 3.',
    ]),
  )
})

test('paused, what runs ends and nothing more begins; then it goes on', async () => {
  const [flag, log] = [fleet.fresh(), fleet.fresh()]
  const started = await fleet.start({ command: waitsFor(flag, log), strategy: { concurrency: 2 } })
  await until(() => fleet.linesIn(log).length === 2)
  expect(await fleet.pause(started.uuid)).toMatchObject({ status: 'paused', pausedBy: 'admin' })
  writeFileSync(flag, '')
  await until(async () => (await fleet.read(started.uuid)).counts.completed === 2)
  expect(await fleet.read(started.uuid)).toMatchObject({ status: 'paused', counts: { scheduled: 4, queued: 0 } })
  expect((await fleet.branch(started.uuid, 6)).waitingFor).toMatchObject({
    kind: 'person',
    message: 'admin paused it. Let it go on when it may.',
  })
  expect(fleet.linesIn(log)).toHaveLength(2)
  await fleet.continue(started.uuid)
  expect((await fleet.ended(started)).counts.completed).toBe(6)
  expect(fleet.linesIn(log)).toHaveLength(6)
  const actions = (await fleet.auditLines()).map(({ action }) => action)
  expect(actions).toContain('executions.pause')
  expect(actions).toContain('executions.continue')
})

test('branches in the queue that nobody has taken do not begin while it is paused, nor twice afterwards', async () => {
  await using one = await startLocalHosts({ hosts: 8, settings: { EXECUTOR_SLOTS: '1' } })
  const [flag, log] = [one.fresh(), one.fresh()]
  const started = await one.start({ command: waitsFor(flag, log) })
  await until(() => one.linesIn(log).length === 1)
  await one.pause(started.uuid)
  writeFileSync(flag, '')
  await until(async () => (await one.read(started.uuid)).counts.completed === 1)
  // whatever is still in the queue has been looked at when another execution has come through behind it
  expect((await one.ended(await one.start({ targets: ['host-1'] }))).status).toBe('completed')
  expect(one.linesIn(log)).toEqual(['001'])
  await one.continue(started.uuid)
  expect((await one.ended(started)).counts.completed).toBe(8)
  expect(one.linesIn(log).toSorted()).toEqual(['001', '002', '003', '004', '005', '006', '007', '008'])
})

test('a paused execution leaves its place to others, and waits for one when it is to go on', async () => {
  const [flag, log] = [fleet.fresh(), fleet.fresh()]
  const first = await fleet.start({ command: 'true', strategy: { batches: [1], pauseBetweenBatches: true } })
  await fleet.becomes(first, 'paused')
  const second = await fleet.start({ command: waitsFor(flag, log), targets: ['host-1'] })
  await until(() => existsSync(log))
  const third = await fleet.start({ targets: ['host-2'] })
  expect(await fleet.continue(first.uuid)).toMatchObject({ status: 'queued' })
  expect((await fleet.read(first.uuid)).waitingFor).toMatchObject({
    kind: 'capacity',
    message: '1 execution is running, as many as may at a time. 1 other waits as well.',
    references: [{ kind: 'execution', ref: second.ref }],
  })
  writeFileSync(flag, '')
  await fleet.ended(second)
  // it came before the third
  await fleet.becomes(first, 'paused')
  expect((await fleet.ended(third)).status).toBe('completed')
  await fleet.cancel(first.uuid)
  expect(await fleet.ended(first)).toMatchObject({ status: 'cancelled', pausedAt: null })
})

test('one that has not begun can be paused, and one whose last branches end meanwhile is closed', async () => {
  const [flag, log] = [fleet.fresh(), fleet.fresh()]
  const first = await fleet.start({ command: waitsFor(flag, log), targets: ['host-1'] })
  const second = await fleet.start({ targets: ['host-2'] })
  await until(() => existsSync(log))
  expect((await fleet.pause(second.uuid)).status).toBe('paused')
  await fleet.pause(first.uuid)
  writeFileSync(flag, '')
  expect((await fleet.ended(first)).status).toBe('completed')
  expect(await fleet.read(second.uuid)).toMatchObject({ status: 'paused', startedAt: null })
  await fleet.continue(second.uuid)
  expect((await fleet.ended(second)).status).toBe('completed')
})

test('what has ended or is not paused is not changed, and one needs the permission', async () => {
  const done = await fleet.ended(await fleet.start({ targets: ['host-1'] }))
  expect((await refusal(fleet.pause(done.uuid))).detail).toBe('This execution has ended: there is nothing to pause.')
  expect(await refusalCode(fleet.continue(done.uuid))).toBe('conflict')
  const viewer = await fleet.as('viewer')
  expect(await refusalCode(viewer(api.executions.pause, { params: { ref: done.uuid } }))).toBe('forbidden')
})
