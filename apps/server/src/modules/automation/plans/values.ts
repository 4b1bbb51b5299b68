import type { JobDocument, Values } from '@opsconductor/contract'
import { type FieldProblem, isMaskable, secretMinLength } from '@opsconductor/contract'
import type { RunTarget } from '../../assets/index.ts'
import { invalid } from '../../../kernel/errors.ts'
import { reasonAgainst, specOf } from '../jobs/document-check.ts'
import type { Lookup } from '../steps/expressions.ts'
import { mask } from '../steps/sh-rendering.ts'
import { type EarlierSteps, namedOfStep } from './earlier-steps.ts'

/** The values of a run: what was given, else the defaults; and which of them are secret. */
export type RunValues = { values: Values; secretNames: ReadonlySet<string> }

/** @throws Refusal `invalid` with every unknown, missing or unfitting value */
export const settleValues = (document: JobDocument, given: Values): RunValues => {
  const problems: FieldProblem[] = []
  const specs = Object.entries(document.parameters ?? {}).map(([name, parameter]) => [name, specOf(parameter)] as const)
  const values: Values = {}
  for (const name of Object.keys(given)) {
    if (specs.some(([known]) => known === name)) continue
    const known = specs.map(([name]) => name).join(', ')
    problems.push({
      path: `parameters.${name}`,
      message: `unknown parameter; this job has ${known === '' ? 'none' : known}`,
    })
  }
  for (const [name, spec] of specs) {
    const value = given[name] ?? spec.default
    if (value === undefined) {
      if (spec.required !== false) problems.push({ path: `parameters.${name}`, message: 'a value is needed' })
      else values[name] = emptyOf(spec.type)
      continue
    }
    const reason = reasonAgainst(spec, value) ?? (spec.secret ? tooShortToMask(value) : null)
    if (reason === null) values[name] = value
    else problems.push({ path: `parameters.${name}`, message: reason })
  }
  if (problems.length > 0) throw invalid(problems)
  return { values, secretNames: new Set(specs.filter(([, spec]) => spec.secret).map(([name]) => name)) }
}

/** What a parameter that may be left out is when it is. */
export const emptyOf = (type: 'string' | 'number' | 'boolean') =>
  type === 'string' ? '' : type === 'number' ? 0 : false

export const maskSecrets = ({ values, secretNames }: RunValues): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, secretNames.has(name) ? mask : value]))

export const onlySecrets = ({ values, secretNames }: RunValues): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => secretNames.has(name)))

/** What is known of a branch, beside its values. */
export type About = {
  target: RunTarget
  /** Null for a target without any. */
  method: { host: string; port: number } | null
  job: { name: string; serial: string; version: number }
  branch: { number: string; batch: number | null }
  /** Null for what is given when the execution starts, or not asked for. */
  execution: { ref: string | null; uuid: string | null; number: number | null; requestedBy: string }
  /** What earlier steps came to; those not in it have not run yet. */
  earlier: EarlierSteps
}

/** What `{{ name }}` stands for in one branch. A name in one part is a parameter, whatever it is called. */
export const lookupFor =
  ({ values, secretNames }: RunValues, about: About): Lookup =>
  (name) => {
    const [first = '', second, third = ''] = name
    if (second === undefined) {
      return Object.hasOwn(values, first)
        ? { value: values[first], isSecret: secretNames.has(first) }
        : { missing: `there is no parameter "${first}"` }
    }
    if (first === 'steps') {
      const step = about.earlier.get(second)
      if (step !== undefined) return namedOfStep(second, step, name.slice(2))
      return { later: `depends on the ${third === 'exitCode' ? 'exit code' : 'output'} of step ${second}` }
    }
    const { target, method, job, branch, execution } = about
    if (first === 'target' && second === 'attributes') {
      return Object.hasOwn(target.attributes, third)
        ? { value: target.attributes[third], isSecret: false }
        : { missing: `${target.name} has no attribute "${third}", which the job uses` }
    }
    const known: Record<string, string | number | readonly string[] | null> = {
      'target.uuid': target.uuid,
      'target.serial': target.serial,
      'target.name': target.name,
      'target.host': method?.host ?? '',
      'target.port': method?.port ?? 0,
      'target.environment': target.environment ?? '',
      'target.osType': target.osType ?? '',
      'target.zone': target.zone,
      'target.tags': target.tags,
      'job.name': job.name,
      'job.serial': job.serial,
      'job.version': job.version,
      'branch.number': branch.number,
      'branch.batch': branch.batch,
      'execution.ref': execution.ref,
      'execution.uuid': execution.uuid,
      'execution.number': execution.number,
      'execution.requestedBy': execution.requestedBy,
    }
    const full = name.join('.')
    if (!Object.hasOwn(known, full)) return { missing: `{{ ${full} }} is not known` }
    const value = known[full]
    return value === null ? { later: `${full}, known when it starts` } : { value, isSecret: false }
  }

const tooShortToMask = (value: string | number | boolean): string | null =>
  isMaskable(String(value))
    ? null
    : `a secret needs at least ${secretMinLength} characters, shorter ones cannot be masked in output`
