import { createHmac, randomBytes } from 'node:crypto'
import { compileMatcher, type Matcher } from './secret-matcher.ts'

export type MatcherOf = (secrets: Iterable<string>) => Matcher

const sweepFrom = 1_000

/**
 * One matcher for all branches with the same secrets, for as long as one of them uses it: what an automaton has learnt
 * from the output of one target serves the others. The secrets themselves are not kept here.
 */
export const createMatchers = (): MatcherOf => {
  const salt = randomBytes(32)
  const known = new Map<string, WeakRef<Matcher>>()

  return (secrets) => {
    const all = [...new Set(secrets)].toSorted((a, b) => (a < b ? -1 : 1))
    const key = createHmac('sha256', salt).update(JSON.stringify(all)).digest('base64')
    const matcher = known.get(key)?.deref() ?? compileMatcher(all)
    known.set(key, new WeakRef(matcher))
    if (known.size > sweepFrom) {
      for (const [other, reference] of known) if (reference.deref() === undefined) known.delete(other)
    }
    return matcher
  }
}
