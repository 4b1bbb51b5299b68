import type { z } from '@opsconductor/contract'

type Issue = z.core.$ZodIssue

/**
 * What a schema of the contract finds wrong, by the path of the field. Empty fields are simply "required" for the
 * person who has not filled them in yet.
 */
export const checkForm = (schema: z.ZodType, input: unknown): Record<string, string> => {
  const result = schema.safeParse(input)
  if (result.success) return {}
  return Object.fromEntries(
    result.error.issues.toReversed().map((issue) => [issue.path.map(String).join('.'), messageOf(issue)]),
  )
}

const messageOf = (issue: Issue) => {
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  const isEmpty = issue.code === 'too_small' && issue.origin === 'string' && Number(issue.minimum) <= 1
  return isMissing || isEmpty ? 'Required' : issue.message.charAt(0).toUpperCase() + issue.message.slice(1)
}

/** Empty words are values not given. */
export const filled = <T extends Record<string, unknown>>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '' && value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], ''>
  }
