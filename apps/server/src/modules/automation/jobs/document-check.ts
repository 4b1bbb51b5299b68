import type { FieldProblem, JobDocument, Parameter, ParameterSpec, z } from '@opsconductor/contract'
import { isReadable } from '../steps/expressions.ts'
import { nameProblem } from '../steps/names.ts'
import { isUsable, ruleOf, stepIdOf } from '../steps/step-types.ts'

export type DocumentCheck = {
  problems: FieldProblem[]
  warnings: string[]
  /** Placeholders that ask to be put in unquoted: these need a permission. */
  rawNames: string[]
}

/** What the schema cannot see: placeholders that stand badly or name nothing, and defaults that contradict themselves. */
export const checkDocument = (document: JobDocument): DocumentCheck => {
  const problems: FieldProblem[] = []
  const warnings: string[] = []
  const declared = new Set(Object.keys(document.parameters ?? {}))
  const secrets = secretNamesOf(document)
  const used = new Set<string>()

  for (const [name, parameter] of Object.entries(document.parameters ?? {})) {
    const spec = specOf(parameter)
    if (spec.pattern !== undefined && !isPattern(spec.pattern)) {
      problems.push({ path: `parameters.${name}.pattern`, message: 'is not a regular expression' })
    } else if (spec.default !== undefined) {
      const reason = reasonAgainst(spec, spec.default)
      if (reason !== null) problems.push({ path: `parameters.${name}.default`, message: reason })
    }
  }

  document.steps.forEach((step, index) => {
    const rule = ruleOf(step)
    const path = `steps.${index}.${rule.field}`
    const { expressions, problems: inText } = rule.read(step)
    const pathOf = (field: string | undefined) => (field === undefined ? path : `steps.${index}.${field}`)
    for (const { line, column, message, field } of inText)
      problems.push({ path: pathOf(field), message: `line ${line}, column ${column}: ${message}` })
    const earlier = document.steps.slice(0, index).map(stepIdOf)
    for (const { names, field } of expressions) {
      for (const name of names) {
        const full = name.join('.')
        used.add(full)
        const problem = nameProblem(name, { parameters: declared, earlier })
        if (problem !== null) problems.push({ path: pathOf(field), message: `{{ ${full} }} ${problem}` })
      }
    }
    if (!isUsable(step))
      warnings.push(`Step ${index + 1}: ${step.type} can be saved, but this version cannot run it yet.`)
    for (const warning of rule.warnings(step, ({ names }) => names.some((name) => secrets.has(name.join('.')))))
      warnings.push(`Step ${index + 1}: ${warning}`)
    if (unreadable(rule.text(step))) problems.push({ path, message: 'holds a NUL character or half of a character' })
  })

  for (const name of declared) if (!used.has(name)) warnings.push(`The parameter ${name} is not used in any step.`)
  return { problems, warnings, rawNames: rawNamesOf(document) }
}

/** Names that are put into commands unquoted, each once. */
export const rawNamesOf = ({ steps }: JobDocument): string[] => {
  const raw = steps.flatMap((step) =>
    ruleOf(step)
      .read(step)
      .expressions.filter(({ isRaw }) => isRaw),
  )
  return [...new Set(raw.flatMap(({ names }) => names.map((name) => name.join('.'))))]
}

/** Parameters whose values are secret. */
export const secretNamesOf = ({ parameters = {} }: JobDocument): ReadonlySet<string> =>
  new Set(Object.entries(parameters).flatMap(([name, parameter]) => (specOf(parameter).secret ? [name] : [])))

/** `"svc": "Spooler"` is short for a parameter with that default, and of that default's type. */
export const specOf = (parameter: z.output<typeof Parameter>): ParameterSpec =>
  typeof parameter === 'object'
    ? parameter
    : { type: typeof parameter as 'string' | 'number' | 'boolean', default: parameter }

/** Why a value does not fit; null when it does. */
export const reasonAgainst = (spec: ParameterSpec, value: string | number | boolean): string | null => {
  if (typeof value !== spec.type) return `expected a ${spec.type}`
  if (typeof value === 'string' && unreadable(value)) return 'holds a NUL character or half of a character'
  if (spec.choices !== undefined && !spec.choices.includes(value))
    return `expected one of ${spec.choices.map(String).join(', ')}`
  if (spec.pattern !== undefined && !new RegExp(`^(?:${spec.pattern})$`, 'u').test(String(value))) {
    return `does not match ${spec.pattern}`
  }
  return null
}

/** No shell can be given such a text. */
const unreadable = (text: string) => !isReadable(text)

const isPattern = (pattern: string) => {
  try {
    return Boolean(new RegExp(`^(?:${pattern})$`, 'u'))
  } catch {
    return false
  }
}
