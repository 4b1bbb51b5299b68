import { pageLimitDefault, type Page, type z } from '@opsconductor/contract'
import { InvalidArgumentError, type Command } from 'commander'
import { Failure } from './failure.ts'
import type { Opsctl } from './opsctl.ts'

export type ListOptions = { limit: number; query?: string }

/** What every list takes. */
export const listOptions = (command: Command) =>
  command
    .option('-q, --query <words>', 'words to look for')
    .option('--limit <n>', 'at most so many', wholeNumber, pageLimitDefault)

/** An option's whole number from 1 on. */
export const wholeNumber = (text: string) => {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number))
    throw new InvalidArgumentError('a number from 1 on')
  return number
}

/** An option's priority: 0 is what all have that say nothing. */
export const priority = (text: string) => {
  const number = Number(text)
  if (!/^-?\d+$/.test(text) || Math.abs(number) > 100) throw new InvalidArgumentError('a number from -100 to 100')
  return number
}

const unitsMs = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * An option's moment, as RFC 3339 in UTC: a date or a time, in the zone of this machine where it names none, or how long
 * ago (`90m`, `24h`, `7d`).
 */
export const pastTime = (text: string): string => {
  const [, number, unit] = /^(\d+)([mhd])$/.exec(text) ?? []
  // a date alone would be taken for midnight in UTC
  const local = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text
  const atMs =
    unit === undefined ? Date.parse(local) : Date.now() - Number(number) * unitsMs[unit as keyof typeof unitsMs]
  if (!/^\d/.test(text) || Number.isNaN(atMs) || Math.abs(atMs) > 8.64e15) {
    throw new InvalidArgumentError('a time such as 2026-11-21, 2026-11-21T08:00Z, 90m, 24h or 7d')
  }
  return new Date(atMs).toISOString()
}

/** For an option that may be given several times. */
export const collected = (value: string, former: string[] = []) => [...former, value]

/** One of a closed set of words, or a failure that names them all. */
export const parseChoice = <T extends string>(
  choices: z.ZodType<T> & { options: T[] },
  word: string | undefined,
  option: string,
): T | undefined => {
  if (word === undefined) return undefined
  const found = choices.options.find((choice) => choice === word)
  if (found === undefined) throw new Failure('usage', `${option} is one of: ${choices.options.join(', ')}`)
  return found
}

/** A page as JSON, as a table, or as what to do first where there is nothing; says where there is more. */
export const shownPage = <T>({ print }: Opsctl, page: Page<T>, whenEmpty: string, show: () => void) => {
  print.answer(page, () => (page.items.length === 0 ? print.note(whenEmpty) : show()))
  if (!print.isJson && page.nextCursor !== null) print.note('There is more: raise --limit, or narrow it with --query')
}
