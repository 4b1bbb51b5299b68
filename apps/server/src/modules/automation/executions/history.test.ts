import { api } from '@opsconductor/contract'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../../../../test/app.ts'
import { refusal } from '../../../../test/client.ts'
import { until } from '../../../../test/until.ts'

let app: TestApp
let job: string
const read = (ref: string) => app.admin(api.executions.read, { params: { ref } })

beforeAll(async () => {
  app = await startApp({ settings: { LOCAL_TRANSPORT: 'true' } })
  await app.admin(api.targets.create, { body: { name: 'here', methods: [{ type: 'local', config: {} }] } })
  const steps = [{ type: 'ssh.exec' as const, command: 'echo {{ word }}' }]
  job = (
    await app.admin(api.jobs.create, { body: { name: 'kept', targets: ['here'], parameters: { word: 'x' }, steps } })
  ).serial
  const { uuid } = await app.admin(api.executions.start, { params: { ref: job }, body: {} })
  await until(async () => (await read(uuid)).finishedAt !== null)
})
afterAll(() => app?.[Symbol.asyncDispose]())

/** By the trigger that guards history, or for want of the right. */
const refused = /history|permission denied/

describe('history stands, also against the application itself and the owner of the tables', () => {
  test.each([
    'automation.executions',
    'automation.branches',
    'automation.step_results',
    'automation.output_chunks',
    'automation.log_lines',
    'automation.job_versions',
    'kernel.audit_lines',
  ])('%s can be neither changed nor deleted', async (table) => {
    const db = app.database.kysely
    const { rows } = await sql<{ count: number }>`select count(*) from ${sql.table(table)}`.execute(db)
    expect(rows[0]?.count).toBeGreaterThan(0)
    const column = sql.ref({ 'kernel.audit_lines': 'action', 'automation.job_versions': 'checksum' }[table] ?? 'seq')
    const same = ['automation.executions', 'automation.branches', 'automation.step_results'].includes(table)
      ? sql.ref('message')
      : column
    await expect(sql`update ${sql.table(table)} set ${same} = ${same}`.execute(db)).rejects.toThrow(refused)
    await expect(sql`delete from ${sql.table(table)}`.execute(db)).rejects.toThrow(refused)
    await expect(sql`truncate ${sql.table(table)} cascade`.execute(db)).rejects.toThrow(refused)
    await expect(app.database.asOwner(`delete from ${table}`)).rejects.toThrow('is history')
    const after = await sql<{ count: number }>`select count(*) from ${sql.table(table)}`.execute(db)
    expect(after.rows).toEqual(rows)
  })

  test('the application owns no table and cannot switch a trigger off', async () => {
    const db = app.database.kysely
    await expect(sql`alter table kernel.audit_lines disable trigger all`.execute(db)).rejects.toThrow(/owner/)
    await expect(sql`set session_replication_role = replica`.execute(db)).rejects.toThrow('permission denied')
    await expect(sql`drop table automation.log_lines`.execute(db)).rejects.toThrow(/owner/)
  })
})

describe('a repeated request', () => {
  const start = (key: string, body: object = {}) =>
    app.admin(api.executions.start, { params: { ref: job }, body }, { headers: { 'idempotency-key': key } })

  test('with the same key is the same execution', async () => {
    const first = await start('one')
    const again = await start('one')
    expect(again.uuid).toBe(first.uuid)
    expect((await start('two')).uuid).not.toBe(first.uuid)
  })

  test('with the same key and another body is refused', async () => {
    await start('three')
    const { status, code } = await refusal(start('three', { parameters: { word: 'other' } }))
    expect([status, code]).toEqual([409, 'idempotency_mismatch'])
  })

  test('made twice in the same moment starts one execution', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => start('four')))
    const uuids = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.uuid] : []))
    expect(new Set([...uuids, (await start('four')).uuid]).size).toBe(1)
    const rows = await app.database.asOwner(`select from kernel.idempotency_keys where key = 'four'`)
    expect(rows).toHaveLength(1)
  })

  test('keys belong to one user', async () => {
    const mine = await start('five')
    const operator = await app.as('operator')
    const theirs = await operator(
      api.executions.start,
      { params: { ref: job }, body: {} },
      { headers: { 'idempotency-key': 'five' } },
    )
    expect(theirs.uuid).not.toBe(mine.uuid)
  })
})
