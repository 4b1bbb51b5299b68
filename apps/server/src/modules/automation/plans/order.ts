import { createHash } from 'node:crypto'
import type { Strategy } from '@opsconductor/contract'

type Named = { uuid: string; name: string }

/** Targets in the order in which the strategy takes them. The same seed gives the same random order. */
export const inOrder = <T extends Named>(targets: readonly T[], order: Strategy['order'], seed: number): T[] => {
  switch (order) {
    case undefined:
    case 'given':
      return [...targets]
    case 'name':
      return targets.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    case 'random': {
      const place = ({ uuid }: Named) => createHash('sha256').update(`${seed} ${uuid}`).digest('hex')
      return targets
        .map((target) => ({ target, place: place(target) }))
        .toSorted((a, b) => (a.place < b.place ? -1 : 1))
        .map(({ target }) => target)
    }
  }
}
