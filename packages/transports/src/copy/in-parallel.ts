/** Does `work` for each, `atATime` of them together; the first failure ends the rest through `abort`, and is thrown. */
export const inParallel = async <T>(
  items: readonly T[],
  atATime: number,
  abort: () => void,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const queue = items.values()
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failures.length > 0) return
      try {
        await work(item)
      } catch (error) {
        failures.push(error)
        abort()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, worker))
  if (failures.length > 0) throw failures[0]
}
