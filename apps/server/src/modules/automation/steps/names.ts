/** Names a text can use without declaring them, about the target and the run. */
const aboutTarget = ['uuid', 'serial', 'name', 'host', 'port', 'environment', 'osType', 'zone', 'tags'] as const
const aboutRun: Record<string, readonly string[]> = {
  job: ['name', 'serial', 'version'],
  branch: ['number', 'batch'],
  execution: ['ref', 'uuid', 'number', 'requestedBy'],
}
const ofStep = ['stdout', 'stderr', 'exitCode', 'json'] as const

/**
 * Why a name can stand for nothing, whatever the target and the values are; null when it can.
 *
 * @param earlier ids of the steps that come before
 */
export const nameProblem = (
  name: readonly string[],
  { parameters, earlier }: { parameters: ReadonlySet<string>; earlier: readonly string[] },
): string | null => {
  const [first = '', second, third, ...rest] = name
  if (second === undefined)
    return parameters.has(first) ? null : 'is neither a parameter of this job nor known of targets and jobs'
  if (first === 'steps') {
    if (!earlier.includes(second)) {
      const known = earlier.length === 0 ? 'this is the first' : `before this one there are ${earlier.join(', ')}`
      return `names the step "${second}", which does not come before this one; ${known}`
    }
    if (third === undefined || !isOneOf(ofStep, third) || (third !== 'json' && rest.length > 0))
      return 'must name stdout, stderr, exitCode or json.… of the step'
    return null
  }
  if (first === 'target') {
    if (second === 'attributes') return third === undefined || rest.length > 0 ? 'must name one attribute' : null
    if (third === undefined && isOneOf(aboutTarget, second)) return null
    return `is not known of targets; there are ${aboutTarget.join(', ')} and attributes.…`
  }
  const fields = Object.hasOwn(aboutRun, first) ? aboutRun[first] : undefined
  if (fields === undefined) return 'is neither a parameter of this job nor known of targets and jobs'
  return third === undefined && fields.includes(second)
    ? null
    : `is not known; of ${first} there are ${fields.join(', ')}`
}

const isOneOf = (names: readonly string[], name: string) => names.includes(name)

export type StepStream = 'stdout' | 'stderr' | 'exitCode'

/** What a name needs of an earlier step; null when it is about something else. */
export const stepUse = (name: readonly string[]): { step: string; of: StepStream } | null => {
  const [first, step, of] = name
  if (first !== 'steps' || step === undefined || of === undefined) return null
  return { step, of: of === 'stderr' || of === 'exitCode' ? of : 'stdout' }
}
