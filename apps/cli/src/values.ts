import type { JobDocument, ParameterSpec, Value, Values } from '@opsconductor/contract'
import { Failure } from './failure.ts'

type Parameters = NonNullable<JobDocument['parameters']>

/** `name=value`; the value may hold further equal signs. */
export const parseAssignment = (text: string, option: string) => {
  const at = text.indexOf('=')
  if (at < 1) throw new Failure('usage', `${option} ${text}: write it as name=value`)
  return { name: text.slice(0, at), value: text.slice(at + 1) }
}

/**
 * Values of `-p name=value`, each of the type that the job says. A name that the job does not know is passed on as text:
 * the server says which it knows. A secret on the command line is refused: other users of this machine could read it.
 */
export const argumentValues = (assignments: readonly string[], parameters: Parameters): Values =>
  Object.fromEntries(
    assignments.map((assignment) => {
      const { name, value } = parseAssignment(assignment, '-p')
      if (specOf(parameters[name])?.secret === true) {
        throw new Failure('usage', `${name} is secret, and arguments can be read by others on this machine`, {
          hint: `Give it as --parameter-file ${name}=<file>, where - is stdin, or leave it out to be asked`,
        })
      }
      return [name, typedValue(name, value, parameters[name])]
    }),
  )

export const typedValue = (name: string, text: string, parameter: Value | ParameterSpec | undefined): Value => {
  const type = typeOf(parameter)
  if (type === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true'
    throw new Failure('usage', `${name} is true or false, not "${text}"`)
  }
  if (type === 'number') {
    const number = Number(text)
    if (text.trim() !== '' && Number.isFinite(number)) return number
    throw new Failure('usage', `${name} is a number, not "${text}"`)
  }
  return text
}

const typeOf = (parameter: Value | ParameterSpec | undefined) =>
  typeof parameter === 'object' ? parameter.type : typeof parameter

export const specOf = (parameter: Value | ParameterSpec | undefined) =>
  typeof parameter === 'object' ? parameter : undefined

/** Secret parameters that must be given and were not: those a person is asked for. */
export const missingSecrets = (parameters: Parameters, given: Values) =>
  Object.entries(parameters)
    .filter(([name, parameter]) => {
      const spec = specOf(parameter)
      return spec?.secret === true && spec.required !== false && !Object.hasOwn(given, name)
    })
    .map(([name]) => name)
