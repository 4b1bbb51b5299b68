export type DiffLine = { kind: 'same' | 'removed' | 'added'; text: string }

/** Beyond so many pairs of lines a longest common part is not looked for: everything between counts as replaced. */
const pairsMax = 4_000_000

/** What was removed and added from one list of lines to the other, by their longest common subsequence. */
export const diffLines = (before: readonly string[], after: readonly string[]): DiffLine[] => {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  const spare = Math.min(before.length, after.length) - start
  while (end < spare && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1
  const as = (kind: DiffLine['kind'], lines: readonly string[]) => lines.map((text) => ({ kind, text }))
  return [
    ...as('same', before.slice(0, start)),
    ...middleOf(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...as('same', before.slice(before.length - end)),
  ]
}

const middleOf = (before: readonly string[], after: readonly string[]): DiffLine[] => {
  const columns = after.length + 1
  const common = new Uint32Array(before.length * after.length > pairsMax ? 0 : (before.length + 1) * columns)
  const lengthAt = (row: number, column: number) => common[row * columns + column] ?? 0
  if (common.length > 0) {
    for (let row = before.length - 1; row >= 0; row -= 1) {
      for (let column = after.length - 1; column >= 0; column -= 1) {
        common[row * columns + column] =
          before[row] === after[column]
            ? lengthAt(row + 1, column + 1) + 1
            : Math.max(lengthAt(row + 1, column), lengthAt(row, column + 1))
      }
    }
  }
  const lines: DiffLine[] = []
  let row = 0
  let column = 0
  while (row < before.length || column < after.length) {
    const [removed, added] = [before[row], after[column]]
    if (removed !== undefined && removed === added) {
      lines.push({ kind: 'same', text: removed })
      row += 1
      column += 1
    } else if (
      removed !== undefined &&
      (added === undefined || lengthAt(row + 1, column) >= lengthAt(row, column + 1))
    ) {
      lines.push({ kind: 'removed', text: removed })
      row += 1
    } else if (added !== undefined) {
      lines.push({ kind: 'added', text: added })
      column += 1
    }
  }
  return lines
}

/** Parts that did not change are left out but for a few lines around the changes; `null` stands for such a gap. */
export const withContext = (lines: readonly DiffLine[], around = 3): (DiffLine | null)[] => {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(({ kind }) => kind !== 'same'),
  )
  return lines.flatMap((line, index) => {
    if (isNear[index]) return [line]
    return index === 0 || isNear[index - 1] ? [null] : []
  })
}
