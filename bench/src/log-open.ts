import { api, type OutputMatches } from '@opsconductor/contract'
import { addJob, execute } from './ground/execution.ts'
import { addTargets } from './ground/inventory.ts'
import { startSshdTargets } from './ground/targets.ts'
import { printHead, printTimes } from './figures.ts'
import { sayGoal } from './report/goal.ts'
import { type Server, startServer } from './server-process.ts'

const times = 10

/** A very long output, made by a step: to its end, into its middle, and through all of it. */
export const measureLogOpen = async ({ isSmall }: { isSmall: boolean }): Promise<void> => {
  const lines = isSmall ? 100_000 : 10_000_000
  await using targets = await startSshdTargets(1)
  await using server = await startServer({ OUTPUT_LIMIT_MB: '10000' })
  await addTargets(server, targets)
  const needle = Math.round(lines * 0.9)
  const print = `print "line $_ of an output that goes on and on", $_ == ${needle} ? " with a needle\\n" : "\\n" for 1..${lines}`
  const job = await addJob(server, {
    name: 'prints and prints',
    targets: [...targets.names],
    steps: [{ type: 'ssh.exec', command: `perl -e '${print}'`, timeoutSec: 300, mode: 'attached' }],
  })
  const { execution, wallMs } = await execute(server, job)
  const branch = { ref: execution.uuid, number: 1 }
  const { outputLines } = await server.call(api.executions.branch, { params: branch })
  if (outputLines !== lines) throw new Error(`${outputLines} lines were stored, not ${lines}`)
  console.log(`${lines} lines were printed and stored in ${(wallMs / 1_000).toFixed(1)} s`)

  const open = async (): Promise<void> => {
    await server.call(api.executions.read, { params: { ref: execution.uuid } })
    const { outputLines } = await server.call(api.executions.branch, { params: branch })
    await page(server, branch, outputLines - 199)
  }
  const taken = {
    end: await measured(open),
    middle: await measured((round) => page(server, branch, Math.round((lines * (round + 1)) / (times + 2)))),
    search: await measured(() => searchAll(server, branch, 'a NEEDLE')),
    exact: await measured(() => searchAll(server, branch, 'a needle', true)),
  }
  printHead(`${lines} lines, ${times} times, milliseconds`)
  printTimes('open at the end', taken.end)
  printTimes('jump to a place in the middle', taken.middle)
  printTimes('search all of it, upper and lower case alike', taken.search)
  printTimes('search all of it, exactly', taken.exact)
  const worst = (times: readonly number[]) => Math.max(...times) / 1_000
  sayGoal({ what: 'open at the end, at most', value: worst(taken.end), atMost: 1, unit: ' s' })
  sayGoal({ what: 'jump to the middle, at most', value: worst(taken.middle), atMost: 1, unit: ' s' })
  sayGoal({ what: 'search, at most', value: worst(taken.search), atMost: 3, unit: ' s' })
}

type BranchParams = { ref: string; number: number }

const measured = async (work: (round: number) => Promise<void>): Promise<number[]> => {
  const taken: number[] = []
  for (let round = 0; round < times; round++) {
    const beganAt = performance.now()
    await work(round)
    taken.push(performance.now() - beganAt)
  }
  return taken
}

/** What a viewer shows at once. */
const page = async (server: Server, params: BranchParams, fromLine: number): Promise<void> => {
  const { items } = await server.call(api.executions.output, { params, query: { fromLine, limit: 200 } })
  if (items[0]?.line !== fromLine) throw new Error(`asked for line ${fromLine}, and got ${items[0]?.line}`)
}

/** To the end of the output, also where an answer is cut. */
const searchAll = async (server: Server, params: BranchParams, q: string, isExact = false): Promise<void> => {
  let found = 0
  let cursor: string | null = null
  do {
    const query = { q, caseSensitive: isExact ? ('true' as const) : ('false' as const), limit: 1000 }
    const answer: OutputMatches = await server.call(api.executions.searchOutput, {
      params,
      query: cursor === null ? query : { ...query, cursor },
    })
    found += answer.items.length
    cursor = answer.nextCursor
  } while (cursor !== null)
  if (found !== 1) throw new Error(`found ${found} lines, not 1`)
}
