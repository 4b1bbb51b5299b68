export type Goal = {
  /** What is measured, as in the table of goals. */
  what: string
  value: number
  /** What it must not pass; exactly one of the two. */
  atMost?: number
  atLeast?: number
  unit?: string
}

/** Prints a goal beside what came of it. */
export const sayGoal = ({ what, value, atMost, atLeast, unit = '' }: Goal): void => {
  const isMet = Number.isFinite(value) && value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity)
  const limit = atMost === undefined ? `≥ ${figure(atLeast ?? 0)}` : `≤ ${figure(atMost)}`
  const shown = Number.isFinite(value) ? figure(value) : 'not measured'
  console.log(`goal  ${what.padEnd(58)} ${shown}${unit} of ${limit}${unit}: ${isMet ? 'met' : 'MISSED'}`)
}

/** Three digits that mean something, without an exponent. */
export const figure = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
