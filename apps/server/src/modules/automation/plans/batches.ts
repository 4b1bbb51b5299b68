import type { Strategy } from '@opsconductor/contract'

/**
 * Which batch each of so many targets belongs to, from 1. `[1, "10%", "100%"]`: first one target, then a tenth of all,
 * then the rest; the last size repeats until none is left. Percentages are of all targets, at least one.
 */
export const batchesOf = (count: number, sizes: Strategy['batches']): number[] => {
  const batches: number[] = []
  for (let batch = 0; batches.length < count; batch++) {
    const size = sizes?.[Math.min(batch, sizes.length - 1)] ?? count
    const members = typeof size === 'number' ? size : Math.max(1, Math.floor((count * Number.parseInt(size, 10)) / 100))
    for (let member = 0; member < members && batches.length < count; member++) batches.push(batch + 1)
  }
  return batches
}
