import { randomUUID } from 'node:crypto'
import { api, type BranchStatus, type Execution, isFinalExecution } from '@opsconductor/contract'
import type { StepInput } from '../fleet.ts'
import { between, pause } from './faults.ts'
import type { World } from './world.ts'

export const stepModes = ['detached', 'attached', 'detached'] as const

/** Names a start of a step on a target: one such line is written each time it happens. */
export const markOf = (job: string, target: string, index: number) => `${job} ${target} ${index}`

/** Lasts long enough to be hit, and its output is the same each time: lines that begin with the step's number. */
const stepOf = (world: World, index: number): StepInput => ({
  type: 'ssh.exec',
  mode: stepModes[index] ?? 'attached',
  command: [
    `echo ${markOf('{{ job.serial }}', '{{ target.name }}', index)} >> ${world.counter}`,
    `for i in 1 2 3 4 5 6; do`,
    `  echo "${index}: line $i, größer als 🎲, and some more that is worth to be kept, and to be cut in two"`,
    `  echo "${index}: standard error $i" >&2`,
    `  sleep 0.1`,
    `done`,
    `awk 'BEGIN { for (i = 0; i < 300; i++) print "${index}: " i " of many lines at once, each of them as long as this one" }'`,
  ].join('\n'),
})

/** The gateway's database is cut, too: a request may fail, and is made again. */
export const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (tries === 300) throw error
      await pause(200)
    }
  }
}

/** The answer to a start may be lost although it was committed: under its key it is the same one when it is asked for again. */
export const startOne = async (world: World): Promise<Execution> => {
  const { addJob, admin } = world.fleet
  const steps = stepModes.map((_, index) => stepOf(world, index))
  const { serial: ref } = await patiently(() => addJob(steps, { targets: world.names }))
  const headers = { 'idempotency-key': randomUUID() }
  return patiently(() => admin(api.executions.start, { params: { ref }, body: {} }, { headers }))
}

/**
 * A person looks at a branch that is lost: where the step has left its mark it has run, else it never will, since its
 * executor was lost before it began there, and it is run again. Either way the branch goes on.
 */
const resolveLost = async (world: World, execution: Execution) => {
  for (const { number, status, target } of await world.fleet.branches(execution.uuid)) {
    if (status !== ('lost' satisfies BranchStatus)) continue
    const step = (await world.fleet.steps(execution.uuid, number)).findLast(({ status }) => status === 'unknown')
    const hasRun = step !== undefined && world.starts().includes(markOf(execution.job.serial, target.name, step.index))
    await world.fleet
      .admin(api.branches.resolve, {
        params: { ref: execution.uuid, number },
        body: { as: hasRun ? 'completed' : 'again' },
      })
      .catch(() => {}) // it was asked again by itself meanwhile, or the database is away
  }
}

export type Ended = { execution: Execution; startsAtEnd: number }

/** Stays with an execution to its end; some are cancelled on the way. */
export const seeThrough = async (world: World, execution: Execution, isToBeCancelled: boolean): Promise<Ended> => {
  const { fleet } = world
  const cancelAt = isToBeCancelled ? performance.now() + between(0, 5_000) : Infinity
  let isCancelled = false
  for (;;) {
    if (!isCancelled && performance.now() > cancelAt) {
      await patiently(() => fleet.admin(api.executions.cancel, { params: { ref: execution.uuid } })).catch(() => {}) // it has ended
      isCancelled = true
    }
    const now = await patiently(() => fleet.read(execution.uuid))
    if (isFinalExecution(now.status)) {
      return {
        execution: now,
        startsAtEnd: world.starts().filter((line) => line.startsWith(`${now.job.serial} `)).length,
      }
    }
    if (now.counts.lost > 0) await patiently(() => resolveLost(world, now))
    await pause(200)
  }
}
