import type { JobDocument, Values } from '@opsconductor/contract'
import { type FieldProblem, secretMinLength } from '@opsconductor/contract'
import type { RunTarget } from '../../assets/index.ts'
import { invalid } from '../../../kernel/errors.ts'
import { reasonAgainst, specOf } from '../jobs/document-check.ts'
import { type Lookup, mask } from '../steps/sh-rendering.ts'

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
const emptyOf = (type: 'string' | 'number' | 'boolean') => (type === 'string' ? '' : type === 'number' ? 0 : false)

export const maskSecrets = ({ values, secretNames }: RunValues): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, secretNames.has(name) ? mask : value]))

export const onlySecrets = ({ values, secretNames }: RunValues): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => secretNames.has(name)))

type About = { target: RunTarget; host: string; job: { name: string; serial: string }; branch: string }

/** What `{{ name }}` stands for in one branch. */
export const lookupFor =
  ({ values, secretNames }: RunValues, { target, host, job, branch }: About): Lookup =>
  (name) => {
    const parameter = values[name]
    if (parameter !== undefined) return { value: String(parameter), isSecret: secretNames.has(name) }
    const attribute = /^target\.attributes\.(.+)$/.exec(name)?.[1]
    if (attribute !== undefined) {
      const value = target.attributes[attribute]
      if (value === undefined)
        throw invalid([
          { path: 'targets', message: `${target.name} has no attribute "${attribute}", which the job uses` },
        ])
      return { value: String(value), isSecret: false }
    }
    const known: Record<string, string | null> = {
      'target.uuid': target.uuid,
      'target.serial': target.serial,
      'target.name': target.name,
      'target.host': host,
      'target.environment': target.environment,
      'target.osType': target.osType,
      'job.name': job.name,
      'job.serial': job.serial,
      'branch.number': branch,
    }
    return { value: known[name] ?? '', isSecret: false }
  }

const tooShortToMask = (value: string | number | boolean): string | null =>
  String(value).length < secretMinLength
    ? `a secret needs at least ${secretMinLength} characters, shorter ones cannot be masked in output`
    : null
