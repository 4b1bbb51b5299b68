import { afterAll, beforeAll, expect, test } from 'vitest'
import { startExecutorProcess } from '../../../../test/service-process.ts'
import { type LocalHosts, startLocalHosts } from '../../../../test/local-hosts.ts'

const most = 5
const settings = { MAX_CONCURRENT_EXECUTIONS: String(most), LOCAL_TRANSPORT: 'true', EXECUTOR_SLOTS: '6' }

/** The API here; executors and schedulers in processes of their own, as a large site has them. */
let fleet: LocalHosts
beforeAll(async () => {
  fleet = await startLocalHosts({ hosts: 4, services: ['gateway'], settings })
})
afterAll(() => fleet?.[Symbol.asyncDispose]())

/** The most that were open at once, of lines `+ name` and `- name`; and how many were opened. */
const crowdIn = (lines: readonly string[]) => {
  let [open, crowd, opened] = [0, 0, 0]
  for (const line of lines) {
    open += line.startsWith('+') ? 1 : -1
    crowd = Math.max(crowd, open)
    if (line.startsWith('+')) opened++
  }
  return { crowd, opened }
}

test('with two executors and two schedulers the limits hold under load, and everything comes through once', async () => {
  const [one, two, watching, dying] = await Promise.all([
    startExecutorProcess(fleet.app, settings),
    startExecutorProcess(fleet.app, settings),
    startExecutorProcess(fleet.app, { ...settings, SERVICES: 'scheduler' }),
    startExecutorProcess(fleet.app, { ...settings, SERVICES: 'scheduler' }),
  ])
  await using processes = new AsyncDisposableStack()
  for (const process of [one, two, watching, dying]) processes.use(process)

  const [alone, shared] = [fleet.fresh(), fleet.fresh()]
  const says = (file: string) =>
    `echo "+ {{ target.name }}" >> ${file}; sleep 0.05; echo "- {{ target.name }}" >> ${file}`
  const strategy = { exclusive: 'target' } as const
  const jobs = [
    await fleet.addJob({ command: says(alone), strategy: { exclusive: 'job', concurrency: 1 } }),
    await fleet.addJob({ command: says(shared), strategy }),
    await fleet.addJob({ command: says(shared), strategy: { ...strategy, order: 'random' } }),
  ]
  const times = 5
  const started = await Promise.all(
    jobs.flatMap(({ serial }) => Array.from({ length: times }, () => fleet.startJob(serial))),
  )
  dying.kill('SIGKILL') // in the middle of it
  for (const execution of started) expect((await fleet.ended(execution, 60_000)).counts.completed).toBe(4)

  expect(crowdIn(fleet.linesIn(alone))).toEqual({ crowd: 1, opened: times * 4 })
  for (const name of fleet.names) {
    const ofTarget = fleet.linesIn(shared).filter((line) => line.endsWith(` ${name}`))
    expect(crowdIn(ofTarget)).toEqual({ crowd: 1, opened: times * 2 })
  }
  const crowds = await fleet.database.asOwner(`
    select count(*)::integer as count from automation.executions as one
    join automation.executions as other
      on other.started_at <= one.started_at and other.finished_at > one.started_at
    group by one.id order by 1 desc limit 1`)
  expect((crowds[0] as { count: number }).count).toBeLessThanOrEqual(most)
  const executors = await fleet.database.asOwner('select distinct executor from automation.branches')
  expect(executors).toHaveLength(2)
  for (const table of ['job_holds', 'target_holds'])
    expect(await fleet.database.asOwner(`select * from automation.${table}`)).toEqual([])
})

test('an execution without an executor waits for one, and an executor that is killed is not counted upon for long', async () => {
  const started = await fleet.start({ targets: ['host-1'] })
  await expect
    .poll(async () => (await fleet.read(started.uuid)).waitingFor, { timeout: 30_000 })
    .toMatchObject({ kind: 'executor', message: expect.stringContaining('No executor serves the zone') as string })
  await using _executor = await startExecutorProcess(fleet.app, settings)
  expect((await fleet.ended(started)).status).toBe('completed')
})
