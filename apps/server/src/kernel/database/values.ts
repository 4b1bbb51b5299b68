import { type RawBuilder, sql } from 'kysely'
import { types } from 'pg'

/**
 * How values leave the database. `schema.gen.ts` is generated with the same choices:
 *
 * - `bigint` is a number: identifiers, sequences and byte counts stay below 2^53, and a value that does not is an error
 *   rather than a rounded number
 * - `timestamptz` is a Date, `date` a string `YYYY-MM-DD` (a day has no time zone), `numeric` a string (it has no limits)
 * - `json` and `jsonb` are objects, `bytea` a Buffer
 */
export const valueTypes = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary' && oid === int8) return parseSafeInteger
    if (format !== 'binary' && oid === date) return (text: string) => text
    return types.getTypeParser(oid, format)
  },
}

const int8: number = types.builtins.INT8
const date: number = types.builtins.DATE

const parseSafeInteger = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is too large for a number; select it as text`)
  return value
}

/** A value for a `json` or `jsonb` column. The driver alone would turn an array into a PostgreSQL array and a string into bare text. */
export const jsonb = <T>(value: T): RawBuilder<T> => sql<T>`${JSON.stringify(value)}::jsonb`
