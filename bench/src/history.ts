import { api, type Execution } from '@opsconductor/contract'
import { ownerUrlOf } from './ground/database.ts'
import { branchesEach, fillHistory } from './ground/history-rows.ts'
import { figure, sayGoal } from './report/goal.ts'
import { quantile } from './report/median.ts'
import { type Server, startServer } from './server-process.ts'

const calls = 100
const dayMs = 86_400_000

type Question = (server: Server, round: number) => Promise<unknown>

/** Lists and filters over years of history: as quick with a million executions as with ten thousand. */
export const measureHistory = async ({ isSmall }: { isSmall: boolean }): Promise<void> => {
  const sizes = isSmall ? [1_000, 20_000] : [10_000, 1_000_000]
  await using server = await startServer()
  await addJobsAndTargets(server)
  const taken: Record<string, number[]>[] = []
  for (const size of sizes) {
    const beganAt = performance.now()
    await fillHistory(await ownerUrlOf(server), size)
    const seconds = ((performance.now() - beganAt) / 1_000).toFixed(0)
    console.log(`${size} executions with ${size * branchesEach} branches, made in ${seconds} s`)
    taken.push(await askAll(server))
  }
  const [few = {}, many = {}] = taken
  const named = sizes.map((size) => `${size / 1_000} k`)
  const cells = (words: readonly string[]) => words.map((word) => word.padStart(11)).join('')
  console.log(
    `${'milliseconds, answered by the API'.padEnd(52)}${cells(named.flatMap((n) => [`p50 ${n}`, `p99 ${n}`]))}`,
  )
  for (const name of Object.keys(questions)) {
    const figures = [few, many].flatMap((times) => [0.5, 0.99].map((part) => quantile(times[name] ?? [], part)))
    console.log(`${name.padEnd(52)}${cells(figures.map(figure))}`)
  }
  const worst = Object.entries(many).map(([name, times]) => ({ name, ms: quantile(times, 0.99) }))
  const slowest = worst.toSorted((a, b) => b.ms - a.ms)[0]
  sayGoal({
    what: `the slowest, p99: ${slowest?.name ?? ''}`,
    value: slowest?.ms ?? Number.NaN,
    atMost: 100,
    unit: ' ms',
  })
  const growth = Object.keys(questions).map((name) => quantile(many[name] ?? [], 0.5) / quantile(few[name] ?? [], 0.5))
  sayGoal({ what: 'growth of a median, at most (flat is 1)', value: Math.max(...growth), atMost: 1.5 })
}

export const addJobsAndTargets = async ({ call }: Server): Promise<void> => {
  const methods = [{ type: 'ssh' as const, config: { host: '127.0.0.1', port: 22 } }]
  for (let n = 1; n <= 200; n++) await call(api.targets.create, { body: { name: `machine ${n}`, methods } })
  for (let n = 1; n <= 20; n++)
    await call(api.jobs.create, {
      body: { name: `job ${n}`, targets: ['machine 1'], steps: [{ type: 'ssh.exec', command: 'true' }] },
    })
}

const askAll = async (server: Server): Promise<Record<string, number[]>> => {
  const taken: Record<string, number[]> = {}
  for (const [name, ask] of Object.entries(questions)) {
    await ask(server, 0) // what nobody has asked before is read from the disk
    const times: number[] = []
    for (let round = 0; round < calls; round++) {
      const beganAt = performance.now()
      await ask(server, round)
      times.push(performance.now() - beganAt)
    }
    taken[name] = times
  }
  return taken
}

const list = (server: Server, query: Record<string, string | number>) =>
  server.call(api.executions.list, { query: { limit: 50, ...query } })

const daysAgo = (days: number) => new Date(Date.now() - days * dayMs).toISOString()

/** Some execution of about that many days ago. */
const someExecution = async (server: Server, round: number): Promise<Execution> => {
  const { items } = await list(server, { limit: 1, queuedBefore: daysAgo(1 + ((round * 37) % 700)) })
  const [found] = items
  if (found === undefined) throw new Error('there is no history')
  return found
}

const questions: Record<string, Question> = {
  'the newest executions': (server) => list(server, {}),
  'twenty pages further': async (server, round) => {
    const { nextCursor } = await list(server, { queuedBefore: daysAgo(1 + (round % 700)) })
    return list(server, { queuedBefore: daysAgo(1 + (round % 700)), cursor: nextCursor ?? '' })
  },
  'those that failed': (server) => list(server, { status: 'failed' }),
  'those that run': (server) => list(server, { status: 'running' }),
  'those that need attention': (server) => list(server, { needsAttention: 'true' }),
  'of one job': (server, round) => list(server, { job: `JOB-${year}-${String(1 + (round % 19)).padStart(6, '0')}` }),
  'of one job, those that failed': (server, round) =>
    list(server, { job: `JOB-${year}-${String(1 + (round % 19)).padStart(6, '0')}`, status: 'failed' }),
  'of a job that seldom runs': (server) => list(server, { job: `JOB-${year}-000020` }),
  'on a target that is seldom touched': (server) => list(server, { target: `TGT-${year}-000200` }),
  'on one target': (server, round) =>
    list(server, { target: `TGT-${year}-${String(1 + (round % 199)).padStart(6, '0')}` }),
  'of one day, a year ago': (server, round) =>
    list(server, { queuedAfter: daysAgo(366 + round), queuedBefore: daysAgo(365 + round) }),
  'with a word that is in the name of a job': (server) => list(server, { q: 'job 7' }),
  'with the name of somebody who asks seldom': (server) => list(server, { q: 'rare' }),
  'with a word that is nowhere': (server) => list(server, { q: 'no such word' }),
  'one execution and its branches': async (server, round) => {
    const { uuid } = await someExecution(server, round)
    return server.call(api.executions.branches, { params: { ref: uuid }, query: {} })
  },
  'its branches that failed': async (server, round) => {
    const { uuid } = await someExecution(server, round)
    return server.call(api.executions.branches, { params: { ref: uuid }, query: { status: 'failed' } })
  },
  'the jobs': (server) => server.call(api.jobs.list, { query: {} }),
  'the dashboard': (server) => server.call(api.dashboard.read, {}),
}

const year = new Date().getUTCFullYear()
