import { type Expression, ExpressionError, readExpression, sourceLimit } from './expressions.ts'

/** A `{{ … }}` in a text; offsets in UTF-16 units. */
export type Placeholder = Expression & { start: number; end: number }

/** Something an author has to mend, with its place in the text; line and column from 1. */
export type TextProblem = { line: number; column: number; message: string }

// texts in quotes may hold braces: {{ "{{.Names}}" }} is how to write what other programs put in such braces
const withQuotes = /^\{\{((?:[^{}"']|"[^"\n]*"|'[^'\n]*')*)\}\}/
const plain = /\{\{([^{}]*)\}\}/y

/** More than these in one text are a mistake, and looking at each takes its time. */
const placeholderLimit = 1000
const problemLimit = 50

/** Finds the placeholders of a text, and those that cannot be read. `{{` without an end is left alone: shells have that too. */
export const findPlaceholders = (text: string): { placeholders: Placeholder[]; problems: TextProblem[] } => {
  const placeholders: Placeholder[] = []
  const problems: TextProblem[] = []
  for (let start = text.indexOf('{{'); start !== -1;) {
    const found = placeholderAt(text, start)
    if (found === null) {
      start = text.indexOf('{{', start + 1)
      continue
    }
    const end = start + found.length
    try {
      if (placeholders.length === placeholderLimit)
        throw new ExpressionError(`is one too many: a text holds at most ${placeholderLimit} placeholders`)
      placeholders.push({ ...readExpression(found.slice(2, -2).trim()), start, end })
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      const shown = found.length > 100 ? `${found.slice(0, 100)}…` : found
      problems.push({ ...placeOf(text, start), message: `${shown} ${error.message}` })
      if (problems.length === problemLimit) break
    }
    start = text.indexOf('{{', end)
  }
  return { placeholders, problems }
}

const placeholderAt = (text: string, start: number): string | null => {
  const quoted = withQuotes.exec(text.slice(start, start + sourceLimit + 10))
  if (quoted !== null) return quoted[0]
  plain.lastIndex = start
  return plain.exec(text)?.[0] ?? null
}

export const placeOf = (text: string, offset: number): { line: number; column: number } => {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
