import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { api } from '@opsconductor/contract'
import { addJob, execute, runTrue } from './ground/execution.ts'
import { addTargets } from './ground/inventory.ts'
import { endedChildrenCpuMs } from './ground/processes.ts'
import { startLightTargets } from './ground/targets.ts'
import { sayGoal } from './report/goal.ts'
import { type Go, takeTurns } from './report/turns.ts'
import { type Server, startServer } from './server-process.ts'

const us = 'OpsConductor'
const local = `${us}, on this machine`

/**
 * Steps that do nothing, through the whole engine: each is guarded, committed as begun, run, and stored with its end. On
 * targets of a light server, which starts no process for a command, what is measured is the engine; on this machine each
 * is a shell of its own. Beside it as many such shells and nothing else.
 */
export const measureSteps = async ({ isSmall }: { isSmall: boolean }): Promise<void> => {
  const size = isSmall ? { branches: 10, steps: 10 } : { branches: 50, steps: 40 }
  await using targets = await startLightTargets(size.branches)
  await using server = await startServer({ LOCAL_TRANSPORT: 'true' })
  await addTargets(server, targets)
  const far = await stepsOn(server, targets.names, size.steps)
  await execute(server, far) // pins the host keys, and opens all connections
  const here = await stepsOn(server, await addLocalTargets(server, size.branches), size.steps)
  const all = size.branches * size.steps
  const contestants = [
    { name: us, go: () => run(server, far, all) },
    { name: local, go: () => run(server, here, all) },
    { name: `sh -c :, ${size.branches} at once`, go: () => runShells(size) },
  ]
  const results = await takeTurns(`${size.branches} branches of ${size.steps} steps that do nothing`, contestants)
  const perSec = all / (results.wallMs(us) / 1_000)
  sayGoal({ what: 'steps through the whole engine, all stored', value: perSec, atLeast: 500, unit: '/s' })
}

const addLocalTargets = async (server: Server, count: number): Promise<string[]> => {
  const names = Array.from({ length: count }, (_, index) => `here ${index + 1}`)
  for (const name of names) {
    await server.call(api.targets.create, { body: { name, methods: [{ type: 'local', config: {} }] } })
  }
  return names
}

const stepsOn = (server: Server, targets: readonly string[], steps: number): Promise<string> =>
  addJob(server, {
    name: `steps on ${targets[0]}`,
    targets: [...targets],
    steps: Array.from({ length: steps }, () => runTrue),
  })

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
      await once(spawn('sh', ['-c', ':'], { stdio: ['pipe', 'pipe', 'pipe'] }), 'close')
    }
  }
  await Promise.all(Array.from({ length: branches }, oneAfterTheOther))
  return { wallMs: performance.now() - startedAt, cpuMs: endedChildrenCpuMs() - cpuBefore }
}
