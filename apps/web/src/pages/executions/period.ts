import { z } from '@opsconductor/contract'

export const Period = z.enum(['today', '24h', '7d', '30d'])
export type Period = z.infer<typeof Period>

const dayMs = 86_400_000
const minuteMs = 60_000

/**
 * The moment at which a period begins. Today is the UTC day, as the dashboard counts it; the others begin at a full
 * minute, so that one look after the other asks the same.
 */
export const beginOf = (period: Period, nowMs: number): string => {
  const days = { today: 0, '24h': 1, '7d': 7, '30d': 30 }[period]
  const atMs = days === 0 ? nowMs - (nowMs % dayMs) : nowMs - (nowMs % minuteMs) - days * dayMs
  return new Date(atMs).toISOString()
}

export const periodChoices: { value: Period; label: string }[] = [
  { value: 'today', label: 'Today (UTC)' },
  { value: '24h', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
]
