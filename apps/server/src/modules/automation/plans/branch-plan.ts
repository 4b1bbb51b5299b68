import type { JobDocument, PlannedStep, Step } from '@opsconductor/contract'
import type { RunMethod, RunTarget } from '../../assets/index.ts'
import { invalid } from '../../../kernel/errors.ts'
import { ExpressionError, type Lookup } from '../steps/expressions.ts'
import { type StepStream, stepUse } from '../steps/names.ts'
import { isUsable, modeOf, ruleOf, stepIdOf, stepNameOf } from '../steps/step-types.ts'
import type { EarlierSteps } from './earlier-steps.ts'
import { type About, lookupFor, type RunValues } from './values.ts'

/** A step of one branch, ready to run: where, over what, and what. */
export type BranchStep = {
  index: number
  step: Step
  target: RunTarget
  /** Null where nothing is reached out for. */
  method: RunMethod | null
  /** What the names in its text stand for, for `ruleOf(step).action`. */
  lookup: Lookup
  planned: PlannedStep
  /** Secrets as they stand in its text, where filters have made something of them: to be masked beside the secret values. */
  secrets: string[]
  /** What of earlier steps its text uses. */
  uses: StepUse[]
  /** The same step with what earlier ones came to. @throws Refusal `invalid` when there is no such value */
  withEarlier: (earlier: EarlierSteps) => BranchStep
  /** The same step over another of its target's methods: `{{ target.host }}` is that one's. */
  over: (method: RunMethod) => BranchStep
}

/** An earlier step by its id and index, and what is used of it. */
export type StepUse = { step: string; index: number; of: StepStream }

export type BranchPlanInput = Omit<About, 'target' | 'method' | 'earlier'> & {
  document: JobDocument
  target: RunTarget
  values: RunValues
  /** The targets that steps name for themselves, by the name they use. */
  delegates: ReadonlyMap<string, RunTarget>
}

/** What each step of a branch would do. @throws Refusal `invalid` where a target cannot carry a step */
export const planBranch = (input: BranchPlanInput): BranchStep[] => {
  const ids = input.document.steps.map(stepIdOf)
  return input.document.steps.map((step, index) => {
    const { target: own, delegates } = input
    const target = (step.target === undefined ? undefined : delegates.get(step.target)) ?? own
    const method = methodFor(step, target)
    if (method === undefined) throw invalid([{ path: `steps.${index}`, message: whyNot(step, target) }])
    return withEarlier(input, { index, step, target, method }, usesOf(step, ids), new Map())
  })
}

/** The executor's own machine, for a target that has no method for it. */
const executorItself: RunMethod = {
  uuid: '00000000-0000-0000-0000-000000000000',
  type: 'local',
  name: 'the executor itself',
  host: 'localhost',
  port: 0,
  connectTimeoutSec: null,
  credential: null,
  sshClient: null,
  guardDirectory: null,
  way: { hops: [], problem: null },
  winrm: null,
}

/** Null where a step needs none, undefined where the target has none for it. */
const methodFor = (step: Step, target: RunTarget): RunMethod | null | undefined => {
  const { place, methods } = ruleOf(step)
  if (place === 'nowhere') return null
  const own = target.methods.find(({ type }) => methods.includes(type))
  return place === 'executor' ? (own ?? executorItself) : own
}

type Place = Pick<BranchStep, 'index' | 'step' | 'target' | 'method'>

const withEarlier = (input: BranchPlanInput, place: Place, uses: StepUse[], earlier: EarlierSteps): BranchStep => {
  const { index, step, target, method } = place
  const rule = ruleOf(step)
  const lookup = lookupFor(input.values, { ...input, target, method: method ?? target.methods[0] ?? null, earlier })
  const waitsFor = new Set<string>()
  const noting: Lookup = (name) => {
    const named = lookup(name)
    if ('later' in named) waitsFor.add(name.join('.'))
    return named
  }
  const field = `steps.${index}.${rule.field}`
  return {
    ...place,
    lookup,
    uses,
    secrets: input.values.secretNames.size === 0 ? [] : valued(field, () => rule.secrets(step, lookup)),
    planned: {
      id: stepIdOf(step, index),
      name: stepNameOf(step, index),
      type: step.type,
      target: referenceTo(target),
      method: method === null ? null : describeMethod(method),
      credential: method?.credential?.name ?? null,
      command: valued(field, () => rule.show(step, noting)),
      dependsOn: [...waitsFor],
      mode: method === null ? 'attached' : modeOf(step, method.type),
      timeoutSec: step.timeoutSec ?? null,
    },
    withEarlier: (earlier) => withEarlier(input, place, uses, earlier),
    over: (method) => withEarlier(input, { ...place, method }, uses, earlier),
  }
}

const usesOf = (step: Step, ids: readonly string[]): StepUse[] => {
  const uses = new Map<string, StepUse>()
  for (const { names } of ruleOf(step).read(step).expressions) {
    for (const name of names) {
      const use = stepUse(name)
      if (use !== null) uses.set(`${use.step}.${use.of}`, { ...use, index: ids.indexOf(use.step) })
    }
  }
  return [...uses.values()]
}

/** A value that is missing for one target is said with the field that asks for it. */
const valued = <T>(path: string, make: () => T): T => {
  try {
    return make()
  } catch (cause) {
    if (!(cause instanceof ExpressionError)) throw cause
    throw invalid([{ path, message: cause.message }])
  }
}

const whyNot = (step: Step, target: RunTarget) =>
  isUsable(step)
    ? `${target.name} has no active method for ${step.type}: it needs one of ${ruleOf(step).methods.join(', ')}`
    : `this version cannot run ${step.type} yet`

export const referenceTo = ({ uuid, serial, name }: RunTarget) => ({ uuid, serial, name })

export const describeMethod = ({ uuid, type, host, port, way }: RunMethod) => ({
  uuid,
  type,
  host,
  port,
  ...(way.hops.length === 0 ? {} : { via: way.hops.map(({ target }) => target.name) }),
})
