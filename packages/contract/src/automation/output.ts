import { Flag } from '../lists.ts'
import { Time } from '../identifiers.ts'
import { z } from '../zod.ts'

export const OutputStream = z.enum(['stdout', 'stderr', 'notice'])
export type OutputStream = z.infer<typeof OutputStream>

/**
 * A line of output, or a piece of one: a very long line, or one that was still unfinished when it was sent, comes in
 * several pieces with the same `line`; all but the last have `continues`. `seq` grows by one with every stored chunk of
 * the branch, so a reader that misses one sees the gap. `notice` is what OpsConductor itself has to say there.
 */
export const OutputLine = z.object({
  seq: z.number().int(),
  line: z.number().int(),
  at: Time,
  step: z.number().int(),
  stream: OutputStream,
  text: z.string(),
  continues: z.boolean(),
  isBinary: z
    .literal(true)
    .optional()
    .describe(String.raw`not UTF-8: bytes that are no text stand as \xNN; output.txt has them as they were`),
})
export type OutputLine = z.infer<typeof OutputLine>

const cursor = z.string().max(500).optional().describe('of an answer that was cut, with the same query')
const nextCursor = z
  .string()
  .nullable()
  .describe('set when the answer was cut: ask the same again with it for what is missing')

export const OutputQuery = z.object({
  fromLine: z.coerce.number().int().min(1).default(1),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  cursor,
})

/**
 * Lines by range, in the order in which their pieces were written. An answer holds about half a megabyte: where the
 * lines of the range are longer, it is cut, also within a line, and `nextCursor` says how to get the rest.
 */
export const OutputPage = z.object({
  items: z.array(OutputLine),
  nextCursor,
  nextLine: z
    .number()
    .int()
    .nullable()
    .describe('where the next page starts, once this one is whole; null when there is no more for now'),
  totalLines: z.number().int(),
  lastSeq: z.number().int(),
  isComplete: z.boolean().describe('the branch has ended: there will be no more'),
  isExpired: z
    .literal(true)
    .optional()
    .describe('the output was removed: it is older than the configured number of days'),
})
export type OutputPage = z.infer<typeof OutputPage>

export const OutputSearchQuery = z.object({
  q: z.string().min(1).max(200),
  caseSensitive: Flag.default(false),
  fromLine: z.coerce.number().int().min(1).default(1),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  cursor,
})

export const OutputMatch = z.object({
  line: z.number().int(),
  stream: OutputStream,
  text: z.string().describe('the line, or the part of a long one around the match'),
})
export type OutputMatch = z.infer<typeof OutputMatch>

/** Lines that contain a text, each once per stretch of it. A search is cut at its limit, and after two seconds. */
export const OutputMatches = z.object({
  items: z.array(OutputMatch),
  isCut: z.boolean().describe('not all of the output was looked through'),
  nextCursor,
  searchedLines: z.number().int().describe('all lines up to this one were looked through'),
})
export type OutputMatches = z.infer<typeof OutputMatches>
