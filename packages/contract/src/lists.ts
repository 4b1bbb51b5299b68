import { z } from './zod.ts'

export const pageLimitDefault = 50
export const pageLimitMax = 200

/** Query of every list. Pages follow one another by cursor; a cursor belongs to the query that made it. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(pageLimitMax).default(pageLimitDefault),
  cursor: z.string().max(500).optional(),
})

/** Query of a list in which words can be looked for. */
export const ListQuery = PageQuery.extend({
  q: z.string().trim().max(200).optional().describe('words to look for'),
})
export type ListQuery = z.infer<typeof ListQuery>

/** Answer of every list. `nextCursor` is null on the last page. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })

export type Page<T> = { items: T[]; nextCursor: string | null }

/** `?archived=true` shows what was put away; a flag in a query is a word, not a JSON boolean. */
export const Flag = z.enum(['true', 'false']).transform((word) => word === 'true')
