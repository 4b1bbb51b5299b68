import { sshdAvailable } from '@opsconductor/transports/testing'
import { describe, expect, test } from 'vitest'
import { between, faultsOf, oneOf, pause } from './faults.ts'
import { type Ended, seeThrough, startOne } from './load.ts'
import { judge, referenceOf } from './verdict.ts'
import { startWorld, type World } from './world.ts'

const wanted = (name: string, otherwise: number) => Number(process.env[`OPSCONDUCTOR_TEST_CHAOS_${name}`] ?? otherwise)
/** At least so many things go wrong … */
const faults = wanted('FAULTS', 200)
/** … while at least so many executions run. */
const runs = wanted('RUNS', 8)
const atOnce = 4
/** So many things break at a time. */
const hands = 4
/** One execution in so many is cancelled. */
const cancelOneIn = 6

/** It tells of so many faults together. */
const saidEvery = 25
const say = (text: string) => void process.stdout.write(`${text}\n`)

/** Breaks things while executions run. @returns all executions, each at its end, and how often what was broken */
const disturb = async (world: World) => {
  const counts = new Map<string, number>()
  const total = () => [...counts.values()].reduce((sum, count) => sum + count, 0)
  const ended: Ended[] = []
  let begun = 0
  const isToGoOn = () => total() < faults || begun < runs
  const choices = faultsOf(world).flatMap((fault) => Array.from({ length: fault.weight }, () => fault))
  const breaking = Array.from({ length: hands }, async () => {
    while (isToGoOn()) {
      const { name, act } = oneOf(choices)
      if (await act()) {
        counts.set(name, (counts.get(name) ?? 0) + 1)
        if (total() % saidEvery === 0) say(`${total()} faults, ${ended.length} executions at their end`)
      }
      await pause(between(200, 1_200))
    }
  })
  const working = Array.from({ length: atOnce }, async () => {
    while (isToGoOn()) {
      begun++
      const execution = await startOne(world)
      ended.push(await seeThrough(world, execution, begun % cancelOneIn === 0))
    }
  })
  await Promise.all([...breaking, ...working])
  return { ended, counts: Object.fromEntries(counts), total: total() }
}

describe.skipIf(!sshdAvailable('chaos'))('whatever dies, and whenever', () => {
  test(
    'nothing is started twice, nothing is forgotten, no output is lost, everything ends',
    async () => {
      await using world = await startWorld()
      const undisturbed = await seeThrough(world, await startOne(world), false)
      expect(undisturbed.execution.status).toBe('completed')
      const reference = await referenceOf(world, undisturbed.execution)

      const { ended, counts, total } = await disturb(world)
      const verdict = await judge(world, [undisturbed, ...ended], reference)
      say(`${total} faults: ${JSON.stringify(counts)}`)
      say(
        `${ended.length} executions, ${verdict.starts} starts, ${verdict.resolved} detached steps resolved by a person, ${JSON.stringify(verdict.branches)}`,
      )
      expect(verdict).toMatchObject({ startedTwice: [], forgotten: [], unaccounted: [], otherOutput: [] })
      expect(verdict.branches['completed'] ?? 0).toBeGreaterThan(ended.length)
    },
    600_000 + 5_000 * faults + 30_000 * runs,
  )
})
