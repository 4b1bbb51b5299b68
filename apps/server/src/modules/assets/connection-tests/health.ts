import type { MethodTest, Target } from '@opsconductor/contract'

/** A method with what its test says; `isTestable` is false where there is no wire for it yet. */
export type TestedMethod = { result: MethodTest; isPrimary: boolean; isTestable: boolean }

/** What cannot be tested says nothing; of the rest, all must work. */
export const isAllOk = (tested: readonly TestedMethod[]): boolean => {
  const real = tested.filter(({ isTestable }) => isTestable)
  return real.length > 0 && real.every(({ result }) => result.isOk)
}

/** A target that only a fallback reaches, or whose fallback is broken, is a warning. Null: nothing was learnt. */
export const healthAfter = (tested: readonly TestedMethod[]): Target['health'] | null => {
  const real = tested.filter(({ isTestable }) => isTestable)
  if (real.length === 0) return null
  if (real.every(({ result }) => result.isOk)) return 'healthy'
  const nothingWorks = real.every(({ result }) => !result.isOk)
  const isPrimaryAmong = real.some(({ isPrimary }) => isPrimary)
  return nothingWorks && isPrimaryAmong ? 'critical' : 'warning'
}
