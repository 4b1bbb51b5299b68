import { type StepResult } from '@opsconductor/contract'
import { type Ended, markOf, patiently, stepModes } from './load.ts'
import type { World } from './world.ts'

export type Output = { stdout: string; stderr: string }

export const outputOf = async (world: World, uuid: string, number: number | string): Promise<Output> => {
  const read = (stream: 'stdout' | 'stderr') =>
    patiently(async () => (await world.fleet.raw(uuid, number, { stream })).toString('latin1'))
  return { stdout: await read('stdout'), stderr: await read('stderr') }
}

/** What a branch writes of which everything was seen: on a busy machine one may have been taken over all the same. */
export const referenceOf = async (world: World, { uuid }: { uuid: string }): Promise<Output> => {
  for (const { number } of await world.fleet.branches(uuid)) {
    if ((await world.fleet.steps(uuid, number)).every(isWholeOutput)) return outputOf(world, uuid, number)
  }
  throw new Error('Of no branch everything was seen, although nothing was disturbed.')
}

/**
 * What one step wrote: every line begins with its number. Where a step before was attached and its connection was cut, its
 * last line may have no end, and the first one of this step stands right behind it.
 */
const ofStep = (text: string, index: number) =>
  text
    .split(/(?<=\n)|(?=\d: (?:line|standard error|\d+ of many lines) )/)
    .filter((line) => line.startsWith(`${index}: `))
    .join('')

/** Where a step that completed has a message, its last output may be missing, and the message says so. */
const isWholeOutput = ({ status, message }: StepResult) => status === 'completed' && message === null
/** A detached step says that of itself never; only a person says that it has run. */
const isExcused = ({ message }: StepResult) => message?.includes(' says that step ') === true

export type Verdict = {
  startedTwice: string[]
  /** Completed, without ever having been started. */
  forgotten: string[]
  /** Started although nothing is written down of it, or after its execution had ended. */
  unaccounted: string[]
  /** Completed, with an output that is not that of an undisturbed run, byte for byte. */
  otherOutput: string[]
  /** Detached steps of which nobody knew how they ended, but a person. */
  resolved: number
  branches: Record<string, number>
  starts: number
}

export const judge = async (world: World, all: readonly Ended[], reference: Output): Promise<Verdict> => {
  const { fleet } = world
  const starts = world.starts()
  const marks = new Set(starts)
  const accounted = new Set<string>()
  const verdict: Verdict = {
    startedTwice: starts.filter((line, index) => starts.indexOf(line) !== index),
    forgotten: [],
    unaccounted: [],
    otherOutput: [],
    resolved: 0,
    branches: {},
    starts: starts.length,
  }
  for (const { execution, startsAtEnd } of all) {
    const { uuid, job, ref } = execution
    if (starts.filter((line) => line.startsWith(`${job.serial} `)).length !== startsAtEnd)
      verdict.unaccounted.push(`${ref}: something started after its end`)
    for (const { number, status, target } of await patiently(() => fleet.branches(uuid))) {
      verdict.branches[status] = (verdict.branches[status] ?? 0) + 1
      const where = `${ref} ${number} (${target.name})`
      const steps = await patiently(() => fleet.steps(uuid, number))
      for (const step of steps) {
        const mark = markOf(job.serial, target.name, step.index)
        if (step.startedAt !== null) accounted.add(mark)
        if (step.status === 'completed' && !marks.has(mark)) verdict.forgotten.push(`${where} ${step.index}`)
      }
      if (status === 'completed')
        for (const index of stepModes.keys())
          if (!steps.some((step) => step.index === index && step.status === 'completed'))
            verdict.forgotten.push(`${where} ${index}: no try of it completed`)
      if (!steps.some(({ status }) => status === 'completed')) continue
      const output = await outputOf(world, uuid, number)
      for (const step of steps) {
        if (stepModes[step.index] === 'detached' && isExcused(step)) verdict.resolved++
        if (step.status !== 'completed' || isExcused(step)) continue
        if (stepModes[step.index] === 'attached' && !isWholeOutput(step)) continue
        for (const stream of ['stdout', 'stderr'] as const) {
          const [expected, here] = [ofStep(reference[stream], step.index), ofStep(output[stream], step.index)]
          if (here !== expected)
            verdict.otherOutput.push(
              `${where} ${step.index}.${step.attempt} ${step.mode} ${stream}: ${here.length} of ${expected.length} bytes, outputBytes ${step.outputBytes}, message ${step.message}`,
            )
        }
      }
      if (steps.every(isWholeOutput) && (output.stdout !== reference.stdout || output.stderr !== reference.stderr))
        verdict.otherOutput.push(`${where}: the whole`)
    }
  }
  verdict.unaccounted.push(...[...marks].filter((mark) => !accounted.has(mark)))
  return verdict
}
