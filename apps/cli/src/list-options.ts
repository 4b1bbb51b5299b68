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
