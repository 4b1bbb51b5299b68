import { existsSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalHosts, startLocalHosts } from '../../../../test/local-hosts.ts'
import { until } from '../../../../test/until.ts'

let fleet: LocalHosts
beforeAll(async () => {
  fleet = await startLocalHosts({ hosts: 6 })
})
afterAll(() => fleet?.[Symbol.asyncDispose]())

const exec = (command: string, more: object = {}) => ({ type: 'ssh.exec' as const, command, ...more })
const say = (file: string, what: string) => `echo ${what} {{ branch.number }} >> ${file}`
const stepsOf = (lines: readonly string[]) => lines.map((line) => line.split(' ')[0])

test('in lock-step all branches end a step before any begins the next, no more at once than may', async () => {
  const file = fleet.fresh()
  const slow = `${say(file, 'one')}; if [ {{ branch.number }} = 001 ]; then sleep 0.3; fi`
  const started = await fleet.start({
    targets: ['host-1', 'host-2', 'host-3', 'host-4'],
    steps: [exec(slow), exec(say(file, 'two')), exec(say(file, 'three'))],
    strategy: { pace: 'lock_step', concurrency: 2 },
  })
  expect((await fleet.ended(started, 60_000)).counts.completed).toBe(4)
  const lines = fleet.linesIn(file)
  expect(stepsOf(lines)).toEqual([...Array(4).fill('one'), ...Array(4).fill('two'), ...Array(4).fill('three')])
  expect(new Set(lines).size).toBe(12)
})

test('free branches go on by themselves', async () => {
  const [file, flag] = [fleet.fresh(), fleet.fresh()]
  const first = `${say(file, 'one')}; if [ {{ branch.number }} = 001 ]; then until [ -e ${flag} ]; do sleep 0.02; done; fi`
  const started = await fleet.start({
    targets: ['host-1', 'host-2'],
    steps: [exec(first), exec(say(file, 'two'))],
    strategy: { pace: 'free' },
  })
  await until(() => fleet.linesIn(file).includes('two 002'))
  writeFileSync(flag, '')
  expect((await fleet.ended(started, 60_000)).status).toBe('completed')
})

test('who waits for the others says so, and keeps its target', async () => {
  const [file, flag] = [fleet.fresh(), fleet.fresh()]
  const first = `${say(file, 'one')}; if [ {{ branch.number }} = 001 ]; then until [ -e ${flag} ]; do sleep 0.02; done; fi`
  const started = await fleet.start({
    targets: ['host-1', 'host-2'],
    steps: [exec(first), exec(say(file, 'two'))],
    strategy: { pace: 'lock_step', exclusive: 'target' },
  })
  await until(async () => (await fleet.branches(started.uuid))[1]?.status === 'scheduled' && existsSync(file))
  await until(async () => (await fleet.branch(started.uuid, 2)).waitingFor?.kind === 'stage')
  expect((await fleet.branch(started.uuid, 2)).waitingFor?.message).toBe(
    '1 branch is still to end step 1; then step 2 begins.',
  )
  const other = await fleet.start({ targets: ['host-2'], strategy: { exclusive: 'target' } })
  await until(async () => (await fleet.branch(other.uuid, 1)).waitingFor?.kind === 'target')
  writeFileSync(flag, '')
  expect((await fleet.ended(started, 60_000)).status).toBe('completed')
  expect((await fleet.ended(other, 60_000)).status).toBe('completed')
})

test.each([
  ['cancel', "cancel_requested_by = 'admin'", { status: 'cancelled', cancelOutcome: 'stopped' }],
  ['time limit', 'timed_out_at = now()', { status: 'failed', fault: 'timeout', cancelOutcome: 'stopped' }],
] as const)('a %s that comes while a step ends does not leave its branch to wait for others', async (_, set, ended) => {
  const [file, flag] = [fleet.fresh(), fleet.fresh()]
  const first = `${say(file, 'one')}; until [ -e ${flag} ]; do sleep 0.02; done`
  const started = await fleet.start({
    targets: ['host-1', 'host-2'],
    steps: [exec(first), exec(say(file, 'two'))],
    strategy: { pace: 'lock_step' },
  })
  await until(() => fleet.linesIn(file).length === 2)
  // it is asked, and no executor has heard of it yet
  await fleet.database.asOwner(
    `update automation.executions set cancel_requested_at = now(), ${set} where uuid = '${started.uuid}'`,
  )
  writeFileSync(flag, '')
  expect(await fleet.ended(started)).toMatchObject({ status: ended.status, cancelOutcome: 'stopped' })
  expect(await fleet.branches(started.uuid)).toMatchObject([ended, ended])
  expect(stepsOf(fleet.linesIn(file))).toEqual(['one', 'one'])
})

test('a branch that fails is not waited for, and one step that may fail is', async () => {
  const file = fleet.fresh()
  const started = await fleet.start({
    targets: ['host-1', 'host-2', 'host-3'],
    steps: [
      exec(`${say(file, 'one')}; test {{ branch.number }} != 001`),
      exec(`${say(file, 'two')}; test {{ branch.number }} != 002`, { onError: 'continue' }),
      exec(say(file, 'three')),
    ],
    strategy: { pace: 'lock_step' },
  })
  const execution = await fleet.ended(started)
  expect(execution.counts).toMatchObject({ failed: 2, completed: 1 })
  expect(fleet.linesIn(file).map((line) => line.replace(/ 00/, ''))).toHaveLength(7)
  expect(stepsOf(fleet.linesIn(file))).toEqual(['one', 'one', 'one', 'two', 'two', 'three', 'three'])
})

test('after too many failures in a step nobody begins the next, and a batch begins when the one before is through', async () => {
  const file = fleet.fresh()
  const started = await fleet.start({
    steps: [
      exec(say(file, 'one')),
      exec(`${say(file, 'two')}; test {{ branch.number }} != 001`),
      exec(say(file, 'three')),
    ],
    strategy: { pace: 'lock_step', batches: [3], maxFailures: 0 },
  })
  const execution = await fleet.ended(started)
  expect(execution).toMatchObject({ status: 'failed', counts: { failed: 1, skipped: 5 } })
  expect(stepsOf(fleet.linesIn(file))).toEqual(['one', 'one', 'one', 'two', 'two', 'two'])
  expect((await fleet.steps(started.uuid, 2)).map(({ status }) => status)).toEqual([
    'completed',
    'completed',
    'skipped',
  ])
})

test('who failed in a step goes on from there, in a lock-step of its own', async () => {
  const [file, flag] = [fleet.fresh(), fleet.fresh()]
  const note = (what: string) => `echo ${what} {{ target.name }} >> ${file}`
  const started = await fleet.start({
    targets: ['host-1', 'host-2'],
    steps: [
      exec(note('one')),
      exec(`${note('two')}; test -e ${flag} || test {{ branch.number }} = 001`),
      exec(note('three')),
    ],
    strategy: { pace: 'lock_step' },
  })
  expect((await fleet.ended(started, 60_000)).counts).toMatchObject({ completed: 1, failed: 1 })
  writeFileSync(flag, '')
  const again = await fleet.rerun(started.uuid, { from: 'failed' })
  expect((await fleet.ended(again, 60_000)).counts.completed).toBe(1)
  expect(fleet.linesIn(file).filter((line) => line.endsWith('host-2'))).toEqual([
    'one host-2',
    'two host-2',
    'two host-2',
    'three host-2',
  ])
})
