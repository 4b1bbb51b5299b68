/** What was, is and may be again. `field` names what the last change typed into: typing on is one change. */
export type History<T> = { past: readonly T[]; present: T; future: readonly T[]; field: string | undefined }

const rememberedMax = 200

export const historyOf = <T>(present: T): History<T> => ({ past: [], present, future: [], field: undefined })

/** The next state. Changes of the same field, one right after the other, are undone together. */
export const changed = <T>(history: History<T>, present: T, field?: string): History<T> => {
  if (present === history.present) return history
  const isTyping = field !== undefined && field === history.field
  return {
    past: isTyping ? history.past : [...history.past, history.present].slice(-rememberedMax),
    present,
    future: [],
    field,
  }
}

export const undone = <T>(history: History<T>): History<T> => {
  const present = history.past.at(-1)
  if (present === undefined) return history
  return { past: history.past.slice(0, -1), present, future: [history.present, ...history.future], field: undefined }
}

export const redone = <T>(history: History<T>): History<T> => {
  const [present, ...future] = history.future
  if (present === undefined) return history
  return { past: [...history.past, history.present], present, future, field: undefined }
}
