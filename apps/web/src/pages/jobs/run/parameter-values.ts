import type { JobDocument, ParameterSpec, Value, Values } from '@opsconductor/contract'

/** What is in the fields: words for texts, numbers and choices; undefined where nothing was touched. */
export type Typed = Record<string, string | boolean | undefined>

export type Field = { name: string; spec: ParameterSpec }

const specOf = (parameter: Value | ParameterSpec): ParameterSpec => {
  if (typeof parameter === 'object') return parameter
  const type = typeof parameter === 'string' ? 'string' : typeof parameter === 'number' ? 'number' : 'boolean'
  return { type, default: parameter }
}

export const fieldsOf = ({ parameters = {} }: JobDocument): Field[] =>
  Object.entries(parameters).map(([name, parameter]) => ({ name, spec: specOf(parameter) }))

/** The fields as they stand at first: the defaults of the job. */
export const typedDefaults = (fields: readonly Field[]): Typed =>
  Object.fromEntries(
    fields.map(({ name, spec }) => [
      name,
      spec.type === 'boolean' && !spec.choices ? spec.default === true : spec.default?.toString(),
    ]),
  )

/** The values to run with. What is left empty is left to the job. */
export const valuesOf = (fields: readonly Field[], typed: Typed): Values =>
  Object.fromEntries(
    fields.flatMap(({ name, spec }): [string, Value][] => {
      const value = typed[name]
      if (value === undefined || (value === '' && spec.type !== 'string')) return []
      if (value === '' && spec.default === undefined) return []
      return [[name, valueOf(spec, value)]]
    }),
  )

const valueOf = (spec: ParameterSpec, value: string | boolean): Value => {
  if (spec.type === 'number') return Number(value)
  if (spec.type === 'boolean') return value === true || value === 'true'
  return String(value)
}

/** What is wrong with the values, by parameter; the server judges again. */
export const checkTyped = (fields: readonly Field[], typed: Typed): Record<string, string> =>
  Object.fromEntries(
    fields.flatMap(({ name, spec }): [string, string][] => {
      const message = problemOf(spec, typed[name])
      return message === undefined ? [] : [[name, message]]
    }),
  )

const problemOf = (spec: ParameterSpec, value: string | boolean | undefined): string | undefined => {
  if (value === undefined || value === '') {
    return spec.required && spec.default === undefined ? 'Required' : undefined
  }
  if (spec.type === 'number' && !Number.isFinite(Number(value))) return 'A number'
  if (spec.pattern !== undefined && typeof value === 'string' && isRefused(spec.pattern, value)) {
    return `Must match ${spec.pattern}`
  }
  return undefined
}

const isRefused = (pattern: string, value: string) => {
  try {
    return !new RegExp(`^(?:${pattern})$`, 'u').test(value)
  } catch {
    // the server's engine may know what this browser's does not
    return false
  }
}
