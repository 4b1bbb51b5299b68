import { api } from '@opsconductor/contract'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalHosts, startLocalHosts } from '../../../../test/local-hosts.ts'
import { until } from '../../../../test/until.ts'

let fleet: LocalHosts
beforeAll(async () => {
  fleet = await startLocalHosts({ hosts: 2, settings: { MAX_CONCURRENT_EXECUTIONS: '2' } })
})
afterAll(() => fleet?.[Symbol.asyncDispose]())

/** Two executions take both places until the file is there. */
const fillPlaces = async () => {
  const flag = fleet.fresh()
  const command = `until [ -e ${flag} ]; do sleep 0.02; done`
  const [one, two] = [
    await fleet.start({ command, targets: ['host-1'] }),
    await fleet.start({ command, targets: ['host-1'] }),
  ]
  expect([one.status, two.status]).toEqual(['running', 'running'])
  return { one, two, free: () => writeFileSync(flag, '') }
}

const jobThatSays = (word: string, file: string) =>
  fleet.addJob({ command: `echo ${word} >> ${file}; sleep 0.05`, targets: ['host-1'] })

test('beyond the executions that may run at once the next one waits, and begins when one ends', async () => {
  const { one, two, free } = await fillPlaces()
  const third = await fleet.start({ targets: ['host-1'] })
  const fourth = await fleet.start({ targets: ['host-1'] })
  expect([third.status, fourth.status]).toEqual(['queued', 'queued'])
  expect((await fleet.branches(third.uuid))[0]?.status).toBe('scheduled')
  expect((await fleet.read(third.uuid)).waitingFor).toEqual({
    kind: 'capacity',
    message: '2 executions are running, as many as may at a time. 1 other waits as well.',
    references: [
      { kind: 'execution', ref: one.ref, name: one.job.name },
      { kind: 'execution', ref: two.ref, name: two.job.name },
    ],
  })
  expect((await fleet.branch(third.uuid, 1)).waitingFor).toMatchObject({ kind: 'capacity' })
  await fleet.cancel(fourth.uuid)
  expect(await fleet.ended(fourth)).toMatchObject({ status: 'cancelled', startedAt: null })
  expect((await fleet.read(third.uuid)).status).toBe('queued')
  await fleet.cancel(one.uuid)
  expect(await fleet.ended(third)).toMatchObject({ status: 'completed', waitingFor: null })
  free()
  await fleet.ended(two)
})

test('starts at the same moment do not pass the limit', async () => {
  const jobs = await Promise.all(
    Array.from({ length: 8 }, () => fleet.start({ command: 'sleep 0.2', targets: ['host-1'] })),
  )
  expect(jobs.filter(({ status }) => status === 'running').length).toBeLessThanOrEqual(2)
  for (const job of jobs) expect((await fleet.ended(job)).status).toBe('completed')
})

test('those with a higher priority begin first, and among equals those that came first', async () => {
  const { one, two, free } = await fillPlaces()
  const file = fleet.fresh()
  const waiting = []
  for (const [word, priority] of [
    ['low', -5],
    ['first', 0],
    ['second', 0],
    ['high', 10],
  ] as const) {
    waiting.push(await fleet.startJob((await jobThatSays(word, file)).serial, { priority }))
  }
  expect(waiting.map(({ priority }) => priority)).toEqual([-5, 0, 0, 10])
  await fleet.cancel(one.uuid) // one place: they come one after the other
  for (const execution of waiting) await fleet.ended(execution)
  expect(fleet.linesIn(file)).toEqual(['high', 'first', 'second', 'low'])
  free()
  await fleet.ended(two)
})

test('a job that was started many times does not keep others waiting for all of them', async () => {
  const { one, two, free } = await fillPlaces()
  const file = fleet.fresh()
  const [greedy, modest] = [await jobThatSays('greedy', file), await jobThatSays('modest', file)]
  const waiting = []
  for (let count = 0; count < 10; count++) waiting.push(await fleet.startJob(greedy.serial))
  waiting.push(await fleet.startJob(modest.serial))
  await fleet.cancel(one.uuid)
  for (const execution of waiting) await fleet.ended(execution)
  // neither job has begun before: the first that came is first, then it is the other's turn
  expect(fleet.linesIn(file).slice(0, 3)).toEqual(['greedy', 'modest', 'greedy'])
  free()
  await fleet.ended(two)
})

test('one execution of a job at a time, where it asks for that', async () => {
  const file = fleet.fresh()
  const job = await fleet.addJob({
    command: `echo + >> ${file}; sleep 0.1; echo - >> ${file}`,
    targets: ['host-1'],
    strategy: { exclusive: 'job' },
  })
  const started = await Promise.all(Array.from({ length: 5 }, () => fleet.startJob(job.serial)))
  expect(started.filter(({ status }) => status === 'running')).toHaveLength(1)
  for (const execution of started) await fleet.ended(execution)
  expect(fleet.linesIn(file).join('')).toBe('+-+-+-+-+-')
  expect(await fleet.database.asOwner('select * from automation.job_holds')).toEqual([])
})

test('what a job has for itself it keeps while it is paused, also from an older version that did not ask', async () => {
  const job = await fleet.addJob({ targets: ['host-1'] })
  const before = await fleet.ended(await fleet.startJob(job.serial))
  const { document } = await fleet.admin(api.jobs.read, { params: { ref: job.serial } })
  const { version: _, ...rest } = document
  await fleet.admin(api.jobs.replace, {
    params: { ref: job.serial },
    body: {
      ...rest,
      targets: ['host-1', 'host-2'],
      strategy: { exclusive: 'job', batches: [1], pauseBetweenBatches: true },
    },
  })
  const alone = await fleet.startJob(job.serial)
  await fleet.becomes(alone, 'paused')
  const older = await fleet.rerun(before.uuid)
  expect(older.status).toBe('queued')
  expect((await fleet.read(older.uuid)).waitingFor).toMatchObject({
    kind: 'job',
    references: [{ ref: alone.ref }],
  })
  await fleet.continue(alone.uuid)
  await fleet.ended(alone)
  expect((await fleet.ended(older)).status).toBe('completed')
})

test('one branch on a target at a time, where jobs ask for that; the others of them go on', async () => {
  const [flag, file] = [fleet.fresh(), fleet.fresh()]
  const strategy = { exclusive: 'target' } as const
  const first = await fleet.start({
    command: `until [ -e ${flag} ]; do sleep 0.02; done; echo first >> ${file}`,
    targets: ['host-1'],
    strategy,
  })
  const second = await fleet.start({ command: `echo {{ target.name }} >> ${file}`, strategy })
  await until(async () => (await fleet.read(second.uuid)).counts.completed === 1)
  expect(fleet.linesIn(file)).toEqual(['host-2'])
  expect((await fleet.branch(second.uuid, 1)).waitingFor).toMatchObject({
    kind: 'target',
    message: `${first.ref} has host-1 for itself.`,
    references: [
      { kind: 'execution', ref: first.ref },
      { kind: 'target', name: 'host-1' },
    ],
  })
  expect((await fleet.read(second.uuid)).waitingFor).toMatchObject({ kind: 'target' })
  writeFileSync(flag, '')
  await fleet.ended(second)
  expect(fleet.linesIn(file)).toEqual(['host-2', 'first', 'host-1'])
  expect(await fleet.database.asOwner('select * from automation.target_holds')).toEqual([])
})

test('a lost branch keeps its target, since something may still run there, until it is given up', async () => {
  await using one = await startLocalHosts({ hosts: 1, services: ['gateway', 'scheduler'] })
  const strategy = { exclusive: 'target' } as const
  const first = await one.start({ strategy })
  const second = await one.start({ strategy })
  const setLost = `
    update automation.branches set status = 'lost' where execution_id =
      (select id from automation.executions where uuid = '${first.uuid}')`
  await one.database.asOwner(setLost)
  expect((await one.branch(second.uuid, 1)).waitingFor).toMatchObject({
    kind: 'target',
    message: expect.stringContaining('its branch there is lost') as string,
  })
  expect((await one.read(first.uuid)).waitingFor).toMatchObject({ kind: 'person' })
  await one.cancel(first.uuid)
  expect(await one.branch(second.uuid, 1)).toMatchObject({
    status: 'queued',
    waitingFor: { kind: 'executor', message: expect.stringContaining('No executor serves the zone default') as string },
  })
})

test('a branch that waits for a slot says so, and executors are listed', async () => {
  await using one = await startLocalHosts({ hosts: 2, settings: { EXECUTOR_SLOTS: '1' } })
  const { items } = await one.admin(api.executors.list, {})
  expect(items).toMatchObject([{ zone: 'default', slots: 1, isLive: true }])
  const flag = one.fresh()
  const started = await one.start({ command: `until [ -e ${flag} ]; do sleep 0.02; done` })
  // the executor says every few seconds how much it does
  await until(async () => (await one.admin(api.executors.list, {})).items[0]?.running === 1)
  expect((await one.branch(started.uuid, 2)).waitingFor).toMatchObject({
    kind: 'slots',
    message: '1 slot is busy: all that the executor of the zone default has.',
  })
  expect((await one.read(started.uuid)).waitingFor).toBeNull()
  writeFileSync(flag, '')
  await one.ended(started)
})
