import { type RawBuilder, sql } from 'kysely'
import { types } from 'pg'
import type { JsonValue } from './schema.gen.ts'

/**
 * How values leave the database. `schema.gen.ts` is generated with the same choices:
 *
 * - `bigint` is a number: identifiers, sequences and byte counts stay below 2^53, and a value that does not is an error
 *   rather than a rounded number
 * - `timestamptz` is a Date, `date` a string `YYYY-MM-DD` (a day has no time zone), `numeric` a string (it has no limits)
 * - `json` and `jsonb` are objects, `bytea` a Buffer
 */
export const valueTypes = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : ours.get(oid)) ?? types.getTypeParser(oid, format),
}

const parseSafeInteger = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is too large for a number; select it as text`)
  return value
}

/** Numbers of array types, from PostgreSQL's pg_type.dat. */
const arrayOf = { text: 1009, int8: 1016, date: 1182 }

const parseArray =
  (parse: (text: string) => unknown) =>
  (text: string): unknown[] => {
    const elements: (string | null)[] = types.getTypeParser(arrayOf.text, 'text')(text)
    return elements.map((element) => (element === null ? null : parse(element)))
  }

const unchanged = (text: string) => text

const ours = new Map<number, (text: string) => unknown>([
  [types.builtins.INT8, parseSafeInteger],
  [arrayOf.int8, parseArray(parseSafeInteger)],
  [types.builtins.DATE, unchanged],
  [arrayOf.date, parseArray(unchanged)],
])

/** A value for a `json` or `jsonb` column. The driver alone would turn an array into a PostgreSQL array and a string into bare text. */
export const jsonb = (value: unknown): RawBuilder<JsonValue> => sql`${JSON.stringify(value)}::jsonb`

/** Rows as one text, for `jsonb_to_recordset`. Half a character would not pass as JSON. */
export const wellFormedJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? part.toWellFormed() : part))
