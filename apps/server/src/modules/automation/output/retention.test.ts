import { api } from '@opsconductor/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '../../../../test/app.ts'
import { insertExecution } from '../../../../test/branch-rows.ts'
import { refusal } from '../../../../test/client.ts'

let app: TestApp
beforeAll(async () => {
  app = await startApp({ services: ['gateway'] })
})
afterAll(() => app?.[Symbol.asyncDispose]())

/** A partition of that day, and in it the output of an execution. */
const outputOf = async (daysAgo: number, status: 'completed' | 'running') => {
  const { uuid, executionId, branchIds } = await insertExecution(app.database, { status: 'running' })
  const [branch = 0] = branchIds
  const partition = (table: string, day: string) =>
    `execute format('create table if not exists automation.${table}_%s partition of automation.${table} for values from (%L) to (%L)', to_char(${day}, 'YYYYMMDD'), ${day}, ${day} + 1);`
  await app.database.asOwner(String.raw`
    do $$ declare that date := (now() at time zone 'utc')::date - ${daysAgo}; begin
      ${partition('output_chunks', 'that')} ${partition('log_lines', 'that')}
      update automation.executions set day = that where id = ${executionId};
      update automation.branches set output_lines = 1, output_seq = 1 where id = ${branch};
      insert into automation.output_chunks
        (day, branch_id, seq, step, stream, byte_offset, first_line, lines, is_partial, at, is_compressed, data, bytes)
      values (that, ${branch}, 1, 0, 'stdout', 0, 1, 1, false, now(), false, 'old\012', 4);
      update automation.branches set status = '${status}' where id = ${branch};
      update automation.executions set status = '${status}' where id = ${executionId};
    end $$`)
  return uuid
}
const page = (ref: string) => app.admin(api.executions.output, { params: { ref, number: 1 }, query: {} })

test('output that is older than it is kept goes by whole days, what has not ended stays, and the audit trail says so', async () => {
  const [young, old, unfinished, ended] = [
    await outputOf(10, 'completed'),
    await outputOf(31, 'completed'),
    await outputOf(32, 'running'),
    await outputOf(32, 'completed'),
  ]
  const contextOfScheduler = app.contextOf('scheduler retention')
  await app.automation.removeOldOutput(contextOfScheduler, 30)

  expect((await page(young)).items.map(({ text }) => text)).toEqual(['old'])
  expect(await page(old)).toMatchObject({ items: [], totalLines: 1, isExpired: true })
  const { status, detail } = await refusal(
    app.admin.raw(api.executions.rawOutput, { params: { ref: old, number: 1 }, query: {} }),
  )
  expect([status, detail]).toEqual([404, expect.stringContaining('removed')])
  // a day is kept for as long as one of its executions runs
  for (const ref of [unfinished, ended]) expect((await page(ref)).items).toHaveLength(1)

  const lines = (await app.auditLines()).filter(({ action }) => action === 'output.remove')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({
    actorKind: 'system',
    details: { keepDays: 30, tables: ['log_lines', 'output_chunks'] },
  })
  // once gone, there is nothing more to say
  await app.automation.removeOldOutput(contextOfScheduler, 30)
  expect((await app.auditLines()).filter(({ action }) => action === 'output.remove')).toHaveLength(1)
})
