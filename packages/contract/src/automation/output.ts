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
})
export type OutputLine = z.infer<typeof OutputLine>

export const OutputPage = z.object({
  items: z.array(OutputLine),
  nextLine: z.number().int().nullable().describe('where the next page starts; null when there is no more for now'),
  totalLines: z.number().int(),
  lastSeq: z.number().int(),
  isComplete: z.boolean().describe('the branch has ended: there will be no more'),
})
export type OutputPage = z.infer<typeof OutputPage>

export const OutputMatch = z.object({ line: z.number().int(), stream: OutputStream, text: z.string() })
export type OutputMatch = z.infer<typeof OutputMatch>
