/**
 * Output between the one who receives it and the one who reads it. It holds little: whoever puts something in waits
 * until there is room again.
 */
export type OutputQueue<T> = {
  /** Resolves when there is room for more. */
  put(pieces: readonly T[], sizeBytes: number): Promise<void>
  /** No more comes. With an error: the reader gets it after what is still in the queue. */
  end(error?: Error): void
  /** Nobody waits for room any more: what does not fit is dropped. */
  neverWait(): void
  /** To be read once. */
  readonly pieces: AsyncIterable<T>
}

export const createOutputQueue = <T>(roomBytes: number): OutputQueue<T> => {
  let held: T[] = []
  let heldBytes = 0
  let isOver = false
  let mayWait = true
  let failure: Error | undefined
  let changed = Promise.withResolvers<void>()
  const tell = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }

  const isFull = () => mayWait && heldBytes > roomBytes

  const neverWait = () => {
    mayWait = false
    tell()
  }

  const read = async function* (): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        const pieces = held
        held = []
        heldBytes = 0
        if (pieces.length > 0) {
          tell()
          yield* pieces
        } else if (isOver) {
          if (failure !== undefined) throw failure
          return
        } else {
          await changed.promise
        }
      }
    } finally {
      // nobody reads on: what still comes is not worth keeping
      heldBytes = Number.POSITIVE_INFINITY
      neverWait()
    }
  }

  return {
    pieces: read(),
    async put(pieces, sizeBytes) {
      if (pieces.length === 0 || (!mayWait && heldBytes >= roomBytes)) return
      held.push(...pieces)
      heldBytes += sizeBytes
      tell()
      while (isFull()) await changed.promise
    },
    end(error) {
      isOver = true
      failure = error
      tell()
    },
    neverWait,
  }
}
