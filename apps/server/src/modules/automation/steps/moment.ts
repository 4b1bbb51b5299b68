import { waitMaxSec } from '@opsconductor/contract'
import { ExpressionError } from './expressions.ts'

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2})$/

/**
 * A moment with its time zone (RFC 3339; the seconds may be left out): without one nobody could say when that is.
 *
 * @throws ExpressionError when it is none, or further away than a step may wait
 */
export const momentOf = (text: string, now = Date.now()): Date => {
  const at = rfc3339.test(text) ? Date.parse(text.toUpperCase().replace(' ', 'T')) : Number.NaN
  if (Number.isNaN(at))
    throw new ExpressionError(`"${text}" is not a moment with a time zone, such as 2027-01-31T02:00:00+01:00`)
  if (at - now > waitMaxSec * 1000) throw new ExpressionError(`${text} is more than a year away`)
  return new Date(at)
}
