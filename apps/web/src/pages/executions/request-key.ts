/**
 * An `Idempotency-Key` for one wish of a person: however often its request is made, it counts once.
 * `crypto.randomUUID` is not there on plain http, random bytes are.
 */
const newRequestKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * Carries each wish of a page out once: who presses a button twice gets the answer to the first press. What failed can
 * be wished for again, under the same key.
 */
export const createWishes = () => {
  const keys = new Map<string, string>()
  const underWay = new Map<string, Promise<unknown>>()
  return <T>(wish: unknown, carryOut: (key: string) => Promise<T>): Promise<T> => {
    const name = JSON.stringify(wish)
    const before = underWay.get(name) as Promise<T> | undefined
    if (before !== undefined) return before
    const key = keys.get(name) ?? newRequestKey()
    keys.set(name, key)
    const answer = carryOut(key).finally(() => underWay.delete(name))
    underWay.set(name, answer)
    return answer
  }
}
