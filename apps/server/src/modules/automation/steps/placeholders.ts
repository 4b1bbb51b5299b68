/** A `{{ name }}` or `{{ name | raw }}` in a text; offsets in UTF-16 units. */
export type Placeholder = { start: number; end: number; name: string; isRaw: boolean }

/** Something an author has to mend, with its place in the text; line and column from 1. */
export type TextProblem = { line: number; column: number; message: string }

const pattern = /\{\{([^{}]*)\}\}/g
const inside = /^\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)\s*(\|\s*raw\s*)?$/

/** Finds the placeholders of a text, and those that cannot be read. `{{` without an end is left alone: shells have that too. */
export const findPlaceholders = (text: string): { placeholders: Placeholder[]; problems: TextProblem[] } => {
  const placeholders: Placeholder[] = []
  const problems: TextProblem[] = []
  for (const match of text.matchAll(pattern)) {
    const parts = inside.exec(match[1] ?? '')
    if (parts === null) {
      problems.push({
        ...placeOf(text, match.index),
        message: `${match[0]} is not a placeholder: expected {{ name }} or {{ name | raw }}`,
      })
      continue
    }
    placeholders.push({
      start: match.index,
      end: match.index + match[0].length,
      name: parts[1] ?? '',
      isRaw: parts[2] !== undefined,
    })
  }
  return { placeholders, problems }
}

export const placeOf = (text: string, offset: number): { line: number; column: number } => {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
