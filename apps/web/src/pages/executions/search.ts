import { BranchStatus, ExecutionStatus, LogCategory, LogLevel, LogPhase, z } from '@opsconductor/contract'
import { SearchFlag } from '../../ui/search-params.ts'
import { Period } from './period.ts'

const word = z.string().max(200).optional().catch(undefined)

/** What the address of the list may say; what makes no sense is dropped. */
export const ListSearch = z.object({
  status: ExecutionStatus.optional().catch(undefined),
  needsAttention: SearchFlag,
  period: Period.optional().catch(undefined),
  job: word,
  target: word,
  q: word,
  cursor: z.string().max(500).optional().catch(undefined),
})
export type ListSearch = z.infer<typeof ListSearch>

/** What the address of one execution may say. */
export const ExecutionSearch = z.object({
  tab: z.enum(['output', 'log', 'details']).optional().catch(undefined),
  branch: z.coerce.number().int().min(1).optional().catch(undefined),
  status: BranchStatus.optional().catch(undefined),
  q: word,
  phase: LogPhase.optional().catch(undefined),
  level: LogLevel.optional().catch(undefined),
  category: LogCategory.optional().catch(undefined),
})
export type ExecutionSearch = z.infer<typeof ExecutionSearch>
