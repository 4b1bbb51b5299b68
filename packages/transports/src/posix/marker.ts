const LONGEST_CHATTER = 2_000

export type MarkerReader = {
  /** The bytes that follow the marker's line, so far as `bytes` holds any. */
  feed(bytes: Uint8Array): Uint8Array | undefined
  /** The marker's line without the nonce, once it was read. */
  line(): string | undefined
  /** What came in its place or before it, shortened. */
  chatter(): string
}

/** Finds the line that begins with `nonce`, also when it arrives in pieces, and lets only what follows it through. */
export const createMarkerReader = (nonce: string, pattern: RegExp): MarkerReader => {
  const prefix = Buffer.from(nonce)
  let line: string | undefined
  let chatter = ''
  let held = Buffer.alloc(0)

  const drop = (length: number): void => {
    if (chatter.length < LONGEST_CHATTER)
      chatter = (chatter + held.toString('utf8', 0, length)).slice(0, LONGEST_CHATTER)
    held = held.subarray(length)
  }

  const feed = (bytes: Uint8Array): Uint8Array | undefined => {
    if (line !== undefined) return bytes
    held = Buffer.concat([held, bytes])
    for (;;) {
      const start = held.indexOf(prefix)
      if (start < 0) {
        drop(Math.max(0, held.length - prefix.length))
        return undefined
      }
      const end = held.indexOf('\n', start)
      if (end < 0) {
        drop(start)
        return undefined
      }
      const found = held.toString('utf8', start + prefix.length, end).trim()
      if (pattern.test(found)) {
        line = found
        const rest = held.subarray(end + 1)
        drop(start)
        held = Buffer.alloc(0)
        return rest.length > 0 ? rest : undefined
      }
      // standard error joined to standard output: its marker is chatter here
      drop(end + 1)
    }
  }

  return { feed, line: () => line, chatter: () => (line === undefined ? chatter + held.toString() : chatter).trim() }
}
