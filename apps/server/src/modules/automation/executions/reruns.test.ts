import { writeFileSync } from 'node:fs'
import { api, type RerunRequest } from '@opsconductor/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal } from '../../../../test/client.ts'
import { type LocalHosts, startLocalHosts } from '../../../../test/local-hosts.ts'

let fleet: LocalHosts
beforeAll(async () => {
  fleet = await startLocalHosts({ hosts: 3 })
})
afterAll(() => fleet?.[Symbol.asyncDispose]())

/** Three steps that write their names; the second one fails on host-2 until a file is there. */
const threeSteps = () => {
  const [flag, file] = [fleet.fresh(), fleet.fresh()]
  const says = (word: string) => `echo {{ target.name }} ${word} >> ${file}`
  const steps = [
    { type: 'ssh.exec', id: 'one', command: says('one') },
    { type: 'ssh.exec', id: 'two', command: `${says('two')}; [ {{ target.name }} != host-2 ] || [ -e ${flag} ]` },
    { type: 'ssh.exec', id: 'three', command: says('three') },
  ] as const
  return { steps: [...steps], repair: () => writeFileSync(flag, ''), ran: () => fleet.linesIn(file) }
}

test('what failed goes on from the failed step, and says where the earlier ones completed', async () => {
  const { steps, repair, ran } = threeSteps()
  const first = await fleet.ended(await fleet.start({ steps }))
  expect(first).toMatchObject({ status: 'failed', counts: { completed: 2, failed: 1 } })
  const before = ran().length
  // resumed too early, it fails at the same step
  const second = await fleet.ended(await fleet.rerun(first.uuid, { from: 'failed' }))
  expect(second).toMatchObject({ status: 'failed', rerunOf: first.uuid, counts: { total: 1, failed: 1 } })
  repair()
  const third = await fleet.ended(await fleet.rerun(second.uuid, { from: 'failed' }))
  expect(third).toMatchObject({ status: 'completed', counts: { total: 1, completed: 1 } })
  expect(ran().slice(before)).toEqual(['host-2 two', 'host-2 two', 'host-2 three'])
  expect(await fleet.steps(third.uuid)).toMatchObject([
    { id: 'one', status: 'skipped', message: `Completed in ${first.ref}.`, exitCode: 0 },
    { id: 'two', status: 'completed' },
    { id: 'three', status: 'completed' },
  ])
  const audited = (await fleet.auditLines()).findLast(({ action }) => action === 'executions.rerun')
  expect(audited?.details).toMatchObject({ rerunOf: second.uuid, from: 'failed' })
})

test('only what failed can also be run again from the beginning', async () => {
  const { steps, repair, ran } = threeSteps()
  const first = await fleet.ended(await fleet.start({ steps }))
  repair()
  const before = ran().length
  expect(await fleet.ended(await fleet.rerun(first.uuid, { only: 'failed' }))).toMatchObject({ status: 'completed' })
  expect(ran().slice(before)).toEqual(['host-2 one', 'host-2 two', 'host-2 three'])
})

test('branches that never began are resumed from their first step', async () => {
  const { steps, repair, ran } = threeSteps()
  const first = await fleet.ended(
    await fleet.start({ steps, targets: ['host-2', 'host-1'], strategy: { concurrency: 1, maxFailures: 0 } }),
  )
  expect(first.counts).toMatchObject({ failed: 1, skipped: 1 })
  repair()
  const before = ran().length
  const second = await fleet.ended(await fleet.rerun(first.uuid, { from: 'failed' }))
  expect(second.counts.completed).toBe(2)
  expect(ran().slice(before)).toEqual(['host-2 two', 'host-2 three', 'host-1 one', 'host-1 two', 'host-1 three'])
})

test('when the job has changed since, going on from the failed step wants to be confirmed', async () => {
  const { steps, repair, ran } = threeSteps()
  const job = await fleet.addJob({ steps })
  const first = await fleet.ended(await fleet.startJob(job.serial))
  await fleet.admin(api.jobs.replace, {
    params: { ref: job.serial },
    body: { name: job.name, targets: ['host-1'], steps: [{ type: 'ssh.exec', command: 'true' }] },
  })
  expect((await refusal(fleet.rerun(first.uuid, { from: 'failed' }))).detail).toContain(
    'this execution ran version 1, and now there is version 2',
  )
  repair()
  const second = await fleet.ended(await fleet.rerun(first.uuid, { from: 'failed', confirm: true }))
  expect(second).toMatchObject({ status: 'completed', job: { version: 1 } })
  expect(ran().at(-1)).toBe('host-2 three')
})

test('the priority is kept', async () => {
  const first = await fleet.ended(await fleet.start({ targets: ['host-1'] }, { priority: 7 }))
  expect(await fleet.rerun(first.uuid)).toMatchObject({ priority: 7 })
})

test('a rerun that is asked for twice under one key is begun once', async () => {
  const first = await fleet.ended(await fleet.start({ steps: [{ type: 'ssh.exec', command: 'true' }] }))
  const again = (body: RerunRequest = {}) =>
    fleet.admin(
      api.executions.rerun,
      { params: { ref: first.uuid }, body },
      { headers: { 'idempotency-key': 'pressed twice' } },
    )
  const second = await again()
  expect((await again()).uuid).toBe(second.uuid)
  expect(await refusal(again({ only: 'failed' }))).toMatchObject({ code: 'idempotency_mismatch' })
  await fleet.ended(second)
})
