export type Timer = { stop: () => void }

export const wait = (delayMs: number, then: () => void): Timer => {
  const timer = setTimeout(then, delayMs)
  return { stop: () => clearTimeout(timer) }
}

export const repeat = (everyMs: number, act: () => void): Timer => {
  const timer = setInterval(act, everyMs)
  return { stop: () => clearInterval(timer) }
}

const firstMs = 400
const longestMs = 15_000

/** Doubles up to 15 s, and differs by chance, so that a thousand tabs do not return to a restarted server at once. */
export const backoffMs = (attempt: number) => Math.min(longestMs, firstMs * 2 ** attempt) * (0.75 + Math.random() / 2)
