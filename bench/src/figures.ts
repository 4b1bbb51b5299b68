/** Prints a row of figures of measured times, in milliseconds. */
export const printTimes = (what: string, times: readonly number[]) => {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)
  const cells = [at(0.5), at(0.99), at(0), at(1)].map((figure) => figure.padStart(8))
  console.log(`${what.padEnd(52)}${cells.join('')}`)
}

export const printHead = (title: string) =>
  console.log(`${title.padEnd(52)}${['median', 'p99', 'min', 'max'].map((word) => word.padStart(8)).join('')}`)
