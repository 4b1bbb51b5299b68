import { type Kysely, sql } from 'kysely'
import type { DB } from '../database/index.ts'

/** A sum that only grows. `labels` as in Prometheus' text: `type="ssh.exec",status="failed"`. */
export type Sum = { name: string; labels: string; value: number }

/** Adds to the sums, in one order, so that two who do so do not wait for each other in a circle. */
export const addToSums = async (db: Kysely<DB>, sums: readonly Sum[]) => {
  if (sums.length === 0) return
  const rows = sums.toSorted((a, b) => (a.name + a.labels < b.name + b.labels ? -1 : 1))
  await sql`
    insert into kernel.metric_sums as known (name, labels, value)
    select name, labels, value from unnest(
      ${rows.map(({ name }) => name)}::text[], ${rows.map(({ labels }) => labels)}::text[],
      ${rows.map(({ value }) => value)}::double precision[]
    ) as added (name, labels, value)
    on conflict (name, labels) do update set value = known.value + excluded.value`.execute(db)
}

export const selectSums = (db: Kysely<DB>): Promise<Sum[]> =>
  db.selectFrom('kernel.metricSums').selectAll().orderBy('name').orderBy('labels').execute()
