import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { api } from '@opsconductor/contract'
import { addJob, execute } from './ground/execution.ts'
import { endedChildrenCpuMs } from './ground/processes.ts'
import { sayGoal } from './report/goal.ts'
import { type Go, takeTurns } from './report/turns.ts'
import { type Server, startServer } from './server-process.ts'

/** The shell's own "do nothing": what is measured is the engine. */
const command = ':'
const us = 'OpsConductor'

/**
 * Steps that do nothing, through the whole engine: each is guarded, committed as begun, run in a shell of its own on this
 * machine, and stored with its end. Beside it as many such shells and nothing else.
 */
export const measureSteps = async ({ isSmall }: { isSmall: boolean }): Promise<void> => {
  const size = isSmall ? { branches: 10, steps: 10 } : { branches: 50, steps: 40 }
  await using server = await startServer({ LOCAL_TRANSPORT: 'true' })
  const job = await prepare(server, size)
  const all = size.branches * size.steps
  const contestants = [
    { name: us, go: () => run(server, job, all) },
    { name: `sh -c ${command}, ${size.branches} at once`, go: () => runShells(size) },
  ]
  const results = await takeTurns(`${size.branches} branches of ${size.steps} steps that do nothing`, contestants)
  const perSec = all / (results.wallMs(us) / 1_000)
  sayGoal({ what: 'steps through the whole engine, all stored', value: perSec, atLeast: 500, unit: '/s' })
}

const prepare = async (server: Server, { branches, steps }: { branches: number; steps: number }): Promise<string> => {
  const targets = Array.from({ length: branches }, (_, index) => `here ${index + 1}`)
  for (const name of targets) {
    await server.call(api.targets.create, { body: { name, methods: [{ type: 'local', config: {} }] } })
  }
  const step = { type: 'ssh.exec' as const, command, mode: 'attached' as const }
  return addJob(server, { name: 'steps', targets, steps: Array.from({ length: steps }, () => step) })
}

/** @throws Error when not all steps are stored as completed */
const run = async (server: Server, job: string, all: number): Promise<Go> => {
  const { execution, ...go } = await execute(server, job)
  let stored = 0
  let cursor: string | undefined
  do {
    const page = await server.call(api.executions.allSteps, {
      params: { ref: execution.uuid },
      query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) },
    })
    stored += page.items.filter(({ status, exitCode }) => status === 'completed' && exitCode === 0).length
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  if (stored !== all) throw new Error(`${stored} of ${all} steps are stored as completed`)
  return go
}

const runShells = async ({ branches, steps }: { branches: number; steps: number }): Promise<Go> => {
  const startedAt = performance.now()
  const cpuBefore = endedChildrenCpuMs()
  const oneAfterTheOther = async () => {
    for (let step = 0; step < steps; step++) {
      await once(spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] }), 'close')
    }
  }
  await Promise.all(Array.from({ length: branches }, oneAfterTheOther))
  return { wallMs: performance.now() - startedAt, cpuMs: endedChildrenCpuMs() - cpuBefore }
}
