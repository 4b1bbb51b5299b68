import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** Drops the partitions of old days. @returns what was dropped */
export const dropPartitions = async (db: Kysely<DB>, keepDays: number): Promise<{ parent: string; day: string }[]> =>
  (
    await sql<{
      parent: string
      day: string
    }>`select parent, day from automation.drop_partitions(${keepDays}::integer)`.execute(db)
  ).rows
