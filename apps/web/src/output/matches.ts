import type { OutputMatch } from '@opsconductor/contract'

/** Index of the match to go to from a line, in the given direction and around the end; -1 where there are none. */
export const nextMatch = (matches: readonly OutputMatch[], fromLine: number, direction: 'next' | 'previous') => {
  if (matches.length === 0) return -1
  if (direction === 'next') {
    const found = matches.findIndex(({ line }) => line > fromLine)
    return found === -1 ? 0 : found
  }
  const found = matches.findLastIndex(({ line }) => line < fromLine)
  return found === -1 ? matches.length - 1 : found
}

/** Where a text occurs, upper and lower case alike, as starts. */
export const occurrencesOf = (text: string, wanted: string): number[] => {
  if (wanted === '') return []
  const found: number[] = []
  const folded = text.toLowerCase()
  const needle = wanted.toLowerCase()
  // some letters change their length when folded (İ); then positions would lie
  if (folded.length !== text.length) return []
  for (let at = folded.indexOf(needle); at !== -1; at = folded.indexOf(needle, at + needle.length)) found.push(at)
  return found
}

/** Pieces of text, which may be parts of a longer one, cut at the occurrences of what is looked for in the whole. */
export const markSpans = <T extends { text: string }>(
  spans: readonly T[],
  wanted: string,
): (T & { isMatch: boolean })[] => {
  const starts = occurrencesOf(spans.map(({ text }) => text).join(''), wanted)
  if (starts.length === 0) return spans.map((span) => ({ ...span, isMatch: false }))
  const cuts = starts.flatMap((start) => [start, start + wanted.length])
  let offset = 0
  return spans.flatMap((span) => {
    const begin = offset
    offset += span.text.length
    const inside = cuts.filter((cut) => cut > begin && cut < offset)
    const edges = [begin, ...inside, offset]
    return edges.slice(0, -1).map((edge, index) => ({
      ...span,
      text: span.text.slice(edge - begin, (edges[index + 1] ?? offset) - begin),
      isMatch: starts.some((start) => edge >= start && edge < start + wanted.length),
    }))
  })
}
