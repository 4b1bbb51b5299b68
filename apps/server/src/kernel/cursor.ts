import type { Page } from '@opsconductor/contract'
import { Refusal } from './errors.ts'

/**
 * A place in a sorted list: the sort key and the row's id, opaque to the caller. Lists page by such a place, never by
 * counting, so that rows which come or go in between move nothing and the millionth page is as fast as the first.
 */
export type Place = { readonly key: string; readonly id: number }

export const writeCursor = ({ key, id }: Place): string => Buffer.from(JSON.stringify([key, id])).toString('base64url')

/** @throws Refusal `invalid` for what is not one of our cursors */
export const readCursor = (cursor: string | undefined): Place | null => {
  if (cursor === undefined) return null
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(parsed) && typeof parsed[0] === 'string' && Number.isSafeInteger(parsed[1])) {
      return { key: parsed[0], id: parsed[1] as number }
    }
  } catch {
    // said below
  }
  throw new Refusal('invalid', 'This cursor was not given out by this list. Start again from the first page.', {
    fields: [{ path: 'query.cursor', message: 'not a cursor of this list' }],
  })
}

/** Cuts a page from rows of which one more than the limit was read. */
export const pageOf = <Row, Item>(
  rows: readonly Row[],
  limit: number,
  place: (row: Row) => Place,
  item: (row: Row) => Item,
): Page<Item> => {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(item),
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(place(last)) : null,
  }
}

/** A text for `ilike` that finds the words of a person, whatever signs they hold. */
export const containing = (words: string): string => `%${words.replace(/[\\%_]/g, String.raw`\$&`)}%`
