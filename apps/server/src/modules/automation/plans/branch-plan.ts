import type { JobDocument, PlannedStep, Step } from '@opsconductor/contract'
import type { RunMethod, RunTarget } from '../../assets/index.ts'
import { invalid } from '../../../kernel/errors.ts'
import type { Lookup } from '../steps/sh-rendering.ts'
import { modeOf, ruleOf, stepIdOf, stepNameOf } from '../steps/step-types.ts'
import { lookupFor, type RunValues } from './values.ts'

/** A step of one branch, ready to run: where, over what, and what. */
export type BranchStep = {
  index: number
  step: Step
  target: RunTarget
  method: RunMethod
  lookup: Lookup
  planned: PlannedStep
}

export type BranchPlanInput = {
  document: JobDocument
  job: { name: string; serial: string }
  target: RunTarget
  branch: string
  values: RunValues
  /** The targets that steps name for themselves, by the name they use. */
  delegates: ReadonlyMap<string, RunTarget>
}

/** What each step of a branch would do. @throws Refusal `invalid` where a target cannot carry a step */
export const planBranch = ({ document, job, target: own, branch, values, delegates }: BranchPlanInput): BranchStep[] =>
  document.steps.map((step, index) => {
    const target = (step.target === undefined ? undefined : delegates.get(step.target)) ?? own
    const rule = ruleOf(step)
    const method = target.methods.find(({ type }) => rule.methods.includes(type))
    if (method === undefined) throw invalid([{ path: `steps.${index}`, message: whyNot(step, target, rule.methods) }])
    const lookup = lookupFor(values, { target, host: method.host, job, branch })
    return {
      index,
      step,
      target,
      method,
      lookup,
      planned: {
        id: stepIdOf(step, index),
        name: stepNameOf(step, index),
        type: step.type,
        target: referenceTo(target),
        method: describeMethod(method),
        credential: method.credential?.name ?? null,
        command: rule.show(step, lookup),
        mode: modeOf(step),
        timeoutSec: step.timeoutSec ?? null,
      },
    }
  })

const whyNot = (step: Step, target: RunTarget, methods: readonly string[]) =>
  methods.length === 0
    ? `this version cannot run ${step.type} yet`
    : `${target.name} has no active method for ${step.type}: it needs one of ${methods.join(', ')}`

export const referenceTo = ({ uuid, serial, name }: RunTarget) => ({ uuid, serial, name })

export const describeMethod = ({ uuid, type, host, port }: RunMethod) => ({ uuid, type, host, port })
