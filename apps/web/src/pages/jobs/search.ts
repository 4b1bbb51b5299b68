import { z } from '@opsconductor/contract'

const word = z.string().max(200).optional().catch(undefined)

/** What the address of the list may say; what makes no sense is dropped. */
export const JobsSearch = z.object({
  q: word,
  tag: z.string().max(60).optional().catch(undefined),
  folder: z.string().max(400).optional().catch(undefined),
  archived: z.literal('true').optional().catch(undefined),
  sort: z.enum(['name', '-name', 'createdAt', '-createdAt']).optional().catch(undefined),
  cursor: z.string().max(500).optional().catch(undefined),
})

/** What the address of one job may say. `run` opens the dialog, so that other pages can lead right to it. */
export const JobSearch = z.object({
  tab: z.enum(['steps', 'versions', 'executions']).optional().catch(undefined),
  run: z.literal('true').optional().catch(undefined),
  from: z.coerce.number().int().min(1).optional().catch(undefined),
  to: z.coerce.number().int().min(1).optional().catch(undefined),
})

/** The editor: the form or the document itself; `copyOf` begins with another job's document. */
export const EditorSearch = z.object({
  as: z.enum(['form', 'json']).optional().catch(undefined),
  copyOf: z.string().max(64).optional().catch(undefined),
})
