import type { Program } from './program.ts'

/** Resolves with what the giver of the input threw, if it does. Disposing ends the feeding. */
export type Feeding = Disposable & { failed: Promise<{ error: unknown }> }

/**
 * Ends the standard input after the script; or, with `input`, hands that on first. It waits until the command runs: an
 * attempt that only asks for another launcher must not eat what belongs to the next one.
 */
export const feedInput = (
  program: Program,
  input: AsyncIterable<Uint8Array> | undefined,
  scriptSent: Promise<void>,
  announced: Promise<void>,
  isRunning: () => boolean,
): Feeding => {
  const failure = Promise.withResolvers<{ error: unknown }>()
  const over = Promise.withResolvers<void>()
  let isOver = false
  const finish = (): void => {
    isOver = true
    over.resolve()
  }

  const feed = async (): Promise<void> => {
    await Promise.race([scriptSent, over.promise])
    if (input === undefined) return isOver ? undefined : program.end()
    const gone = program.closed.then(finish)
    await Promise.race([announced, gone, over.promise])
    if (isOver || !isRunning()) return
    for await (const bytes of input) {
      if (isOver) return
      await Promise.race([program.write(bytes), over.promise])
      if (isOver) return
    }
    program.end()
  }
  feed().catch((error: unknown) => failure.resolve({ error }))
  return { failed: failure.promise, [Symbol.dispose]: finish }
}
