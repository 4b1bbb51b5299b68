import { onServer } from '../../../apps/server/test/cluster.ts'

export const branchesEach = 5

/**
 * Adds executions that have ended, with their branches, as years of use would leave them: up to so many, evenly over the
 * jobs and over two years. `targets` are those whose UUIDs the branches carry.
 */
export const fillHistory = (ownerUrl: string, upTo: number): Promise<void> =>
  onServer({ ownerUrl }, async (client) => {
    // what refers to what is right by construction; checking five million references would take most of the time
    await client.query(`set session_replication_role = replica; set synchronous_commit = off; set work_mem = '64MB'`)
    const { rows } = await client.query<{ count: number }>('select count(*)::int as count from automation.executions')
    const already = rows[0]?.count ?? 0
    const atOnce = 100_000
    for (let from = already; from < upTo; from += atOnce) {
      await client.query(addExecutions, [from, Math.min(upTo, from + atOnce)])
      await client.query(addBranches, [branchesEach])
    }
    await client.query('update automation.jobs set execution_count = execution_count + $1', [upTo])
    await client.query('vacuum analyze automation.executions')
    await client.query('vacuum analyze automation.branches')
  })

// The last job has few of them. Times go from two years ago to yesterday.
const addExecutions = `
  insert into automation.executions (uuid, job_id, job_version_id, number, day, status, requested_by, trigger, parameters,
    strategy, plan_hash, queued_at, started_at, finished_at, change_seq)
  select uuidv7(moment.at - now()), job.id, version.id, 1000 + n, (moment.at at time zone 'utc')::date,
    case when n % 100 = 0 then 'cancelled' when n % 20 = 1 then 'failed' else 'completed' end,
    case when n % 10 = 0 then 'ann' when n % 1000 = 1 then 'rare' else 'admin' end, 'manual', '{}', '{}', 'generated',
    moment.at, moment.at + interval '1 s', moment.at + interval '1 min', 12
  from generate_series($1::bigint, $2::bigint - 1) n
  cross join lateral (select now() - interval '2 years' + (n / 1000000.0) * interval '729 days' as at) moment
  join (select id, row_number() over (order by id) - 1 as place, count(*) over () as jobs from automation.jobs) job
    on job.place = case when n % 5000 = 3 then job.jobs - 1 else n % (job.jobs - 1) end
  join automation.job_versions version on version.job_id = job.id and version.version = 1
  order by n`

/** Of executions that have none. The last target is in few of them. */
const addBranches = `
  insert into automation.branches (uuid, execution_id, number, target_uuid, target_serial, target_name, zone, batch, status,
    attempt, output_lines, queued_at, started_at, finished_at, change_seq)
  select uuidv7(e.queued_at - now()), e.id, place.n, target.uuid, target.serial, target.name, 'default', 1,
    case when place.n = 1 and e.status <> 'completed' then e.status else 'completed' end,
    1, 10, e.queued_at, e.started_at, e.finished_at, 10
  from automation.executions e
  cross join generate_series(1, $1::int) place (n)
  join (select uuid, serial, name, row_number() over (order by id) - 1 as place, count(*) over () as targets
    from assets.targets) target
    on target.place = case when e.id % 5000 = 3 then target.targets - 1 else (e.id * 7 + place.n) % (target.targets - 1) end
  where e.id > coalesce((select max(execution_id) from automation.branches), 0) and e.plan_hash = 'generated'
  order by e.id, place.n`
