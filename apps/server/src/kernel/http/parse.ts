import type { FieldProblem, Route, z } from '@opsconductor/contract'
import { invalid } from '../errors.ts'

/** Path, query and body as they came. */
export type RawInput = { params: unknown; query: unknown; body: unknown }

/**
 * Parses what a route takes, all of it, so that every mistake is reported at once.
 *
 * @throws Refusal `invalid` with a path and a reason for each mistake; paths into the body have no prefix
 */
export const parseInput = (route: Route, raw: RawInput) => {
  const mistakes: FieldProblem[] = []
  const part = (schema: z.ZodType | undefined, value: unknown, prefix: string) => {
    if (schema === undefined) return undefined
    for (const path of unstorable(value)) {
      mistakes.push({ path: `${prefix}${path}`, message: 'holds a NUL character or half of a character' })
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) mistakes.push(...explain(issue, prefix))
    return undefined
  }
  const input = {
    params: part(route.params, raw.params, 'path.'),
    query: part(route.query, raw.query, 'query.'),
    body: part(route.body, raw.body ?? undefined, ''),
  }
  if (mistakes.length > 0) throw invalid(mistakes)
  return input
}

const explain = (issue: z.core.$ZodIssue, prefix: string): FieldProblem[] => {
  const path = `${prefix}${issue.path.join('.')}`
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' || path.endsWith('.') ? `${path}${key}` : `${path}.${key}`,
      message: 'unknown field',
    }))
  }
  // of a union's branches the one that got furthest says most
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const best = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? []
    if (depth(best) > 0) {
      return best.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] }, prefix))
    }
  }
  return [{ path: path.replace(/\.$/, ''), message: lowerFirst(issue.message) }]
}

const depth = (issues: z.core.$ZodIssue[]) => Math.max(0, ...issues.map((issue) => issue.path.length))

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)

/** Paths of texts that neither a database nor a shell can hold, whatever the schema says of them. */
const unstorable = function* (value: unknown, path: readonly string[] = []): Generator<string> {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) yield path.join('.')
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (key.includes('\0') || !key.isWellFormed()) yield [...path, '?'].join('.')
      else yield* unstorable(inner, [...path, key])
    }
  }
}

/** Far more than any document of ours, and far less than what a walk over it can stand. */
const deepestLevel = 64

/** Whether lists and objects stand in each other more deeply than anybody means. */
export const isTooDeep = (value: unknown, level = 0): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (level === deepestLevel || Object.values(value).some((inner) => isTooDeep(inner, level + 1)))
