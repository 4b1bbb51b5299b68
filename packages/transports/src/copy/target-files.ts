/** What arrived and was compared. */
export type Arrived = { sizeBytes: number; /** In hex. */ sha256: string }

/** @param onBytes told how many bytes have gone so far */
export type FileRequest = { signal: AbortSignal; onBytes: (doneBytes: number) => void }

/**
 * A target that takes and gives whole files in a way of its own, without a shell. Both throw a CopyEnd; or a
 * TransportError when the wire fails before anything could be copied.
 */
export type TargetFiles = {
  /**
   * The file takes its name only when all of it is there and its SHA-256 fits. What `content` throws is thrown, and then
   * nothing is left on the target.
   */
  write(path: string, content: AsyncIterable<Uint8Array>, request: FileRequest): Promise<Arrived>
  /** Blocks as they come; sure only when it ends, for the SHA-256 is compared last. */
  read(path: string, request: FileRequest): AsyncGenerator<Uint8Array, Arrived, void>
}
