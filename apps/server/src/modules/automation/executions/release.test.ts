import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertExecution } from '../../../../test/branch-rows.ts'
import { contextOf, queueInto, wakeHere } from '../../../../test/context.ts'
import { cloneDatabase, type TestDatabase } from '../../../../test/database.ts'
import { transaction } from '../../../kernel/context.ts'
import { makePartitions } from './overview.store.ts'
import { createProgress } from './progress.ts'

let database: TestDatabase
let enqueued = 0
beforeAll(async () => {
  database = await cloneDatabase()
  await makePartitions(database.kysely)
})
afterAll(() => database?.[Symbol.asyncDispose]())

test('an execution of many branches fills the queue little by little', async () => {
  const progress = createProgress({
    queue: queueInto(() => enqueued++),
    wake: wakeHere(),
    publish: async () => {},
    maxConcurrentExecutions: 5,
  })
  const { executionId } = await insertExecution(database, { branches: 3_000 })
  const advance = async () => {
    const before = enqueued
    await transaction(contextOf(database), (ctx) => progress.advance(ctx, executionId))
    return enqueued - before
  }
  const complete = (count: number) =>
    database.asOwner(`
      update automation.branches set status = 'completed' where id in (
        select id from automation.branches where execution_id = ${executionId} and status = 'queued' limit ${count})`)
  await database.asOwner(`update automation.branches set status = 'scheduled' where execution_id = ${executionId}`)

  expect(await advance()).toBe(1_000)
  expect(await advance()).toBe(0)
  await complete(499)
  expect(await advance()).toBe(0)
  await complete(1)
  expect(await advance()).toBe(500)
  await complete(1_000)
  expect(await advance()).toBe(1_000)
})
