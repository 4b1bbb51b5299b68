import type { ConnectionTest, MethodTest, Target } from '@opsconductor/contract'
import { type Kysely, sql } from 'kysely'
import { type DB, jsonb } from '../../../kernel/database/index.ts'

export const insertTest = async (
  db: Kysely<DB>,
  test: { uuid: string; targetId: number; methodUuid: string | null; requestedBy: string },
) => {
  await db.insertInto('assets.connectionTests').values(test).execute()
}

export const findTest = (db: Kysely<DB>, uuid: string) =>
  db
    .selectFrom('assets.connectionTests as tests')
    .innerJoin('assets.targets as targets', 'targets.id', 'tests.targetId')
    .where('tests.uuid', '=', uuid)
    .selectAll('tests')
    .select(['targets.uuid as targetUuid', 'targets.serial as targetSerial', 'targets.name as targetName'])
    .executeTakeFirst()

export type TestRow = NonNullable<Awaited<ReturnType<typeof findTest>>>

/** @returns false when the test has a result already */
export const finishTest = async (
  db: Kysely<DB>,
  id: number,
  isOk: boolean,
  methods: MethodTest[],
): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('assets.connectionTests')
    .set({ isOk, result: jsonb(methods), finishedAt: sql<Date>`clock_timestamp()` })
    .where('id', '=', id)
    .where('finishedAt', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Ends tests whose executor died: whoever waits is told that they have no result. */
export const endLostTests = async (db: Kysely<DB>, olderThanSec: number) => {
  await db
    .updateTable('assets.connectionTests')
    .set({ finishedAt: sql<Date>`clock_timestamp()` })
    .where('finishedAt', 'is', null)
    .where('startedAt', '<', sql<Date>`now() - make_interval(secs => ${olderThanSec})`)
    .execute()
}

/** Not a change that somebody made: whoever is editing the target need not load it again. */
export const noteHealth = async (db: Kysely<DB>, targetId: number, health: Target['health'] | null) => {
  await db
    .updateTable('assets.targets')
    .set({ lastTestedAt: sql<Date>`now()`, ...(health === null ? {} : { health }) })
    .where('id', '=', targetId)
    .execute()
}

export const toTest = (row: TestRow): ConnectionTest => ({
  uuid: row.uuid,
  target: { uuid: row.targetUuid, serial: row.targetSerial, name: row.targetName },
  isFinished: row.finishedAt !== null,
  isOk: row.isOk,
  startedAt: row.startedAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
  methods: row.result as MethodTest[],
})
