/** What was opened, to be closed in reverse. */
export type Closing = {
  /** @param close closes what was opened just now */
  add: (close: () => Promise<unknown>) => void
  /**
   * Closes everything, what was opened last first. What cannot be closed keeps nothing else open.
   *
   * @throws the first failure, when all else is closed
   */
  close: () => Promise<void>
}

export const createClosing = (): Closing => {
  const open: (() => Promise<unknown>)[] = []
  return {
    add: (close) => void open.push(close),
    close: async () => {
      const failures: unknown[] = []
      for (let close = open.pop(); close !== undefined; close = open.pop()) {
        try {
          await close()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}
