import { api } from '@opsconductor/contract'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '../../../../test/app.ts'
import type { DB } from '../../../kernel/database/index.ts'
import { claimBranches, type Claim } from './branch-claims.store.ts'
import { endClaims } from './branch-ends.store.ts'
import { createBranchWrites } from './branch-writes.ts'
import { lockExecution } from './executions.store.ts'
import { finishSteps, startSteps } from './held-steps.store.ts'
import { insertReadySteps } from './step-results.store.ts'

const step = { index: 0, attempt: 1 }
const line = {
  branch: 1,
  phase: 'action_execution',
  level: 'info',
  category: 'system',
  message: 'said with the change',
} as const

const claimBranch = async (...[db, branch, executor, leaseSec]: [Kysely<DB>, string, string, number]) =>
  (await claimBranches(db, [branch], executor, leaseSec))[0]

/** Nobody takes branches here but the tests themselves. */
let app: TestApp
let db: Kysely<DB>
let job: string
beforeAll(async () => {
  app = await startApp({ services: ['gateway', 'scheduler'] })
  db = app.database.kysely
  await app.admin(api.targets.create, {
    body: { name: 'one', methods: [{ type: 'ssh', config: { host: '127.0.0.1' } }] },
  })
  const { serial } = await app.admin(api.jobs.create, {
    body: { name: 'job', targets: ['one'], steps: [{ type: 'ssh.exec', command: 'true' }] },
  })
  job = serial
})
afterAll(() => app?.[Symbol.asyncDispose]())

const start = async () => {
  const { uuid } = await app.admin(api.executions.start, { params: { ref: job }, body: {} })
  const { items } = await app.admin(api.executions.branches, { params: { ref: uuid }, query: {} })
  return { execution: uuid, branch: items[0]?.uuid ?? '' }
}

const claim = async (): Promise<Claim> => {
  const branch = await claimBranch(db, (await start()).branch, 'tester', 60)
  if (branch === undefined) throw new Error('the branch was not free')
  await insertReadySteps(db, [
    {
      branchId: branch.id,
      executionId: branch.executionId,
      ...step,
      stepId: 'only',
      name: 'only',
      type: 'ssh.exec',
      branchAttempt: branch.attempt,
      mode: 'attached',
      command: 'true',
      targetUuid: branch.targetUuid,
      targetSerial: null,
      targetName: branch.targetName,
      method: 'ssh',
      credential: null,
    },
  ])
  return branch
}

const toBegin = (branch: Claim) => ({
  branch,
  step,
  change: { executor: 'here:1', connectMs: 1, method: 'ssh', credential: null },
  lines: [line],
})
const begin = async (branch: Claim) => (await startSteps(db, [toBegin(branch)]))[0]
const finish = async (branch: Claim, status: 'completed' | 'failed', lines: (typeof line)[]) =>
  (await finishSteps(db, [{ branch, step, change: { status }, lines }]))[0]
const linesOf = async ({ executionUuid }: Claim) => {
  const { items } = await app.admin(api.executions.log, { params: { ref: executionUuid }, query: { limit: 100 } })
  return items.filter(({ message }) => message === line.message).length
}

/** Something that another one commits while `act` waits in front of the execution's row. */
const meanwhile = async <T>(branch: Claim, commit: (db: Kysely<DB>) => Promise<unknown>, act: () => Promise<T>) => {
  const waiting: Promise<T>[] = []
  await db.transaction().execute(async (trx) => {
    await lockExecution(trx, branch.executionId)
    waiting.push(act())
    await expect.poll(() => app.database.asOwner(waitingForLocks)).toHaveLength(1)
    await commit(trx)
  })
  return Promise.all(waiting)
}
const waitingForLocks = `
  select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

test('of many who want a branch one gets it', async () => {
  const { branch } = await start()
  const claims = await Promise.all(Array.from({ length: 8 }, (_, n) => claimBranch(db, branch, `executor ${n}`, 60)))
  const won = claims.filter((one) => one !== undefined)
  expect(won).toHaveLength(1)
  expect(won[0]).toMatchObject({ attempt: 1, jobName: 'job', targetName: 'one', document: { name: 'job' } })
})

test('a branch that was delivered twice to one executor is taken once', async () => {
  const branches = [(await start()).branch, (await start()).branch]
  const { claim } = createBranchWrites({ progress: { goOn: async () => {} }, executor: 'tester', leaseSec: 60 })
  const ctx = app.contextOf('executor')
  // the first goes alone, the others together
  const claims = await Promise.all(
    [branches[0], branches[1], branches[1]].map((branch = '') => claim(ctx, { branch, execution: 'one' })),
  )
  expect(claims.map((one) => one?.uuid)).toEqual([branches[0], branches[1], undefined])
})

test('a branch that was cancelled while an executor waited for it is not taken', async () => {
  const { execution, branch } = await start()
  await app.admin(api.executions.cancel, { params: { ref: execution } })
  expect(await claimBranch(db, branch, 'too late', 60)).toBeUndefined()
})

test('the holder begins and finishes a step once, and what it says is stored with it', async () => {
  const branch = await claim()
  expect(await begin(branch)).toBe('started')
  expect(await begin(branch)).toBe('fenced')
  expect(await linesOf(branch)).toBe(1)
  expect(await finish(branch, 'completed', [line, line])).toBe(true)
  expect(await finish(branch, 'failed', [line])).toBe(false)
  expect(await linesOf(branch)).toBe(3)
})

test('who loses the branch while waiting to begin does not begin', async () => {
  const branch = await claim()
  const takeOver = (trx: Kysely<DB>) =>
    trx
      .updateTable('automation.branches')
      .set((row) => ({ attempt: row('attempt', '+', 1) }))
      .where('id', '=', branch.id)
      .execute()
  expect(await meanwhile(branch, takeOver, () => begin(branch))).toEqual(['fenced'])
  expect(await linesOf(branch)).toBe(0)
})

test('who waits to begin while the execution is cancelled does not begin', async () => {
  const branch = await claim()
  const cancel = (trx: Kysely<DB>) =>
    trx
      .updateTable('automation.executions')
      .set({ cancelRequestedAt: new Date() })
      .where('id', '=', branch.executionId)
      .execute()
  expect(await meanwhile(branch, cancel, () => begin(branch))).toEqual(['cancelled'])
})

test('a former holder of a branch proves nothing, also in one statement with the present one', async () => {
  const former = await claim()
  await db.updateTable('automation.branches').set({ attempt: 2 }).where('id', '=', former.id).execute()
  const present = { ...former, attempt: 2 }
  expect(await startSteps(db, [toBegin(former), toBegin(present)])).toEqual(['fenced', 'started'])
  expect(await linesOf(former)).toBe(1)
  const toFinish = (branch: Claim, status: 'completed' | 'failed') => ({
    branch,
    step,
    change: { status },
    lines: [line],
  })
  expect(await finishSteps(db, [toFinish(former, 'failed'), toFinish(present, 'completed')])).toEqual([false, true])
  const rest = { fault: null, message: null, cancelOutcome: null, isToBeAsked: false }
  const came = await endClaims(db, former.executionId, [
    { branch: former, status: 'failed', ...rest },
    { branch: present, status: 'completed', ...rest },
  ])
  expect([former, present].map((branch) => came?.hasEnded(branch))).toEqual([false, true])
  expect(await branchOf(former)).toMatchObject({ status: 'completed' })
  expect(await linesOf(former)).toBe(2)
})

test('a lease that has run out begins nothing', async () => {
  const branch = await claim()
  await db
    .updateTable('automation.branches')
    .set({ leaseUntil: new Date(0) })
    .where('id', '=', branch.id)
    .execute()
  expect(await begin(branch)).toBe('fenced')
})

const branchOf = async ({ executionUuid }: Claim) =>
  (await app.admin(api.executions.branches, { params: { ref: executionUuid }, query: {} })).items[0]

/** The branch has had so many holders, the last of whom is gone as those before. */
const loseAfter = async (attempts: number) => {
  const branch = await claim()
  const change = { attempt: attempts, losses: attempts - 1, leaseUntil: new Date(0) }
  await db.updateTable('automation.branches').set(change).where('id', '=', branch.id).execute()
  return branch
}

test('a branch whose executor was lost between steps waits for another one', async () => {
  const branch = await loseAfter(9)
  await expect.poll(() => branchOf(branch), { timeout: 60_000 }).toMatchObject({ status: 'queued', attempt: 9 })
})

test('a branch that ten executors have lost before it began is given up', async () => {
  const branch = await loseAfter(10)
  await expect
    .poll(() => app.admin(api.executions.read, { params: { ref: branch.executionUuid } }), { timeout: 60_000 })
    .toMatchObject({ status: 'failed', counts: { failed: 1 } })
  expect(await branchOf(branch)).toMatchObject({
    finishedAt: expect.any(String) as string,
    message: expect.stringContaining('10 executors') as string,
  })
})
