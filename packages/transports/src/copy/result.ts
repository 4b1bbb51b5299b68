import type { Stopped } from '../shell.ts'

/** How it was made sure that what arrived is what was sent; `cksum` finds accidents only. */
export type VerifiedBy = 'sha256' | 'cksum'

export type Skipped = { path: string; reason: string }

export type CopyResult =
  | {
      kind: 'copied'
      files: number
      folders: number
      links: number
      sizeBytes: number
      verifiedBy: VerifiedBy
      /** Of the one file, when it was no folder that was copied; in hex. Absent with `cksum`. */
      sha256?: string
      /** What was not copied, e.g. devices and sockets. */
      skipped: Skipped[]
    }
  /** One side said no. What was copied before is there; the file named is as it was. */
  | { kind: 'failed'; path: string; reason: string }
  | Stopped
  /** The connection broke at a moment when the file may or may not have been put in its place. Doing it again is safe. */
  | { kind: 'unknown'; path: string; reason: string }

export type CopyProgress = {
  /** The file that moved. */
  path: string
  doneBytes: number
  /** Undefined where the target does not say it beforehand. */
  totalBytes: number | undefined
  doneFiles: number
  totalFiles: number
}

/** Ends a copy with a result from wherever it is noticed. */
export class CopyEnd extends Error {
  readonly result: Exclude<CopyResult, { kind: 'copied' }>
  constructor(result: Exclude<CopyResult, { kind: 'copied' }>, cause?: unknown) {
    super(result.kind === 'stopped' ? result.because : result.reason, { cause })
    this.result = result
  }
}

export const failedAt = (path: string, reason: string, cause?: unknown): CopyEnd =>
  new CopyEnd({ kind: 'failed', path, reason }, cause)
