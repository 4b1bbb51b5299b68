import type { Named } from '../steps/expressions.ts'
import { mask } from '../steps/sh-rendering.ts'

/** Output of a step as text; or why it cannot be used as a value. */
export type OutputText = { text: string } | { unusable: string }

/** What an earlier step of the same branch came to; only what is used of it is there. */
export type EarlierStep = { exitCode: number | null; stdout?: OutputText; stderr?: OutputText }

/** By the ids of the steps. Undefined is a step that has not run, or that will. */
export type EarlierSteps = ReadonlyMap<string, EarlierStep>

/** `steps.build.stdout`, `.stderr`, `.exitCode`, `.json.path.to.value`: what the parts behind the step's id stand for. */
export const namedOfStep = (step: string, earlier: EarlierStep, [of, ...path]: readonly string[]): Named => {
  if (of === 'exitCode') {
    return earlier.exitCode === null
      ? { missing: `the step ${step} has no exit code` }
      : { value: earlier.exitCode, isSecret: false }
  }
  const output = of === 'stderr' ? earlier.stderr : earlier.stdout
  if (output === undefined) return { unusable: `the output of the step ${step} is not at hand` }
  if ('unusable' in output) return output
  const found = of === 'json' ? inJson(step, output.text, path) : { value: output.text }
  if ('value' in found && holdsMask(found.value)) {
    return {
      unusable: `the output of the step ${step} holds a secret, which was masked before it was stored: it cannot be used as a value`,
    }
  }
  return 'value' in found ? { value: found.value, isSecret: false } : found
}

const inJson = (
  step: string,
  text: string,
  path: readonly string[],
): { value: unknown } | { missing: string } | { unusable: string } => {
  let value: unknown
  try {
    value = parseExactly(text)
  } catch {
    return { unusable: `the output of the step ${step} is not JSON` }
  }
  for (const [index, part] of path.entries()) {
    // only what the output itself holds: no length of a text, nothing that objects inherit
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part) || isLength(value, part))
      return { missing: `there is no ${path.slice(0, index + 1).join('.')} in the JSON of the step ${step}` }
    value = (value as Record<string, unknown>)[part]
  }
  return { value }
}

const isLength = (value: object, part: string) => Array.isArray(value) && part === 'length'

/** Whole numbers too large for a double stay as they are written. */
const parseExactly = (text: string): unknown =>
  JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? (context?.source ?? value)
      : value,
  )

const holdsMask = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).includes(mask)
