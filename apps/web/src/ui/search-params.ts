import { z } from '@opsconductor/contract'

/**
 * The query of an address, as people write it: `?environment=production&archived=true`. Values are always words; a
 * page's `validateSearch` makes of them what it needs (`z.coerce.number()`), and drops with `.catch(undefined)` what
 * makes no sense.
 */
export const parseSearch = (search: string): Record<string, string> => Object.fromEntries(new URLSearchParams(search))

export const stringifySearch = (values: Record<string, unknown>) => {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string' ? value !== '' : typeof value === 'number' || typeof value === 'boolean') {
      search.set(name, String(value))
    }
  }
  return search.size > 0 ? `?${search.toString()}` : ''
}

/** A filter in the address: a word, or nothing where it makes no sense. */
export const SearchWord = z.string().max(500).optional().catch(undefined)

/** `?archived=true` */
export const SearchFlag = z.literal('true').optional().catch(undefined)
