import { performance } from 'node:perf_hooks'
import type { Copied } from '@opsconductor/contract'
import {
  copyDown,
  copyFileDown,
  copyFileUp,
  copyUp,
  type CopyProgress,
  type CopyResult,
  type PosixShell,
  type TargetFiles,
} from '@opsconductor/transports'
import { type CopyOrder, copyOrder, type CopyStep } from '../steps/copy-step.ts'
import { FilesRefusal, fileToRead, fileToWrite } from './files-folder.ts'
import { fencedFiles, fencedShell } from './fenced-shell.ts'
import { isIdempotent } from './retries.ts'
import type { Asked } from './step-ask.ts'
import type { Link, StepTry } from './step-link.ts'
import { outcome, type StepOutcome, whatIsLeft } from './step-outcome.ts'

/** People see this often how far it is. */
const progressMs = 2_000
const skippedKept = 100

/** Copies what a step says. Nothing stands under its final name before all of it has arrived and was compared. */
export const copyStep = async (
  { filesDirectory }: { filesDirectory: string | undefined },
  run: StepTry,
  step: CopyStep,
  { shell }: Link,
): Promise<Asked> => {
  const order = copyOrder(step, run.work.lookup)
  try {
    const running: Running = {
      signal: run.hold.stop,
      onProgress: progressInto(run),
      ...(step.timeoutSec === undefined ? {} : { timeoutMs: step.timeoutSec * 1000 }),
    }
    const result =
      shell.files === undefined
        ? await copy(fencedShell(shell, run.hold), order, filesDirectory, running)
        : await copyFile(fencedFiles(shell.files, run.hold), order, filesDirectory, running)
    // whoever holds the branch next copies it again
    if (result.kind === 'stopped' && run.hold.stop.reason === 'stopping' && isIdempotent(step)) return 'left'
    const came = outcomeOfCopy(result, step)
    if (came.copied !== undefined) await run.output.write('stdout', Buffer.from(`${came.message ?? ''}\n`))
    return came
  } catch (error) {
    if (!(error instanceof FilesRefusal)) throw error
    return outcome({ status: 'failed', message: error.message })
  }
}

type Running = { signal: AbortSignal; timeoutMs?: number; onProgress: (progress: CopyProgress) => void }

const copy = async (
  shell: PosixShell,
  { direction, source, to, fileMode, owner, symlinks }: CopyOrder,
  filesDirectory: string | undefined,
  running: Running,
): Promise<CopyResult> => {
  const mode = fileMode === undefined ? {} : { mode: fileMode }
  if ('content' in source) {
    const more = { ...mode, ...running, ...(owner === undefined ? {} : { owner }) }
    return copyUp(shell, { content: Buffer.from(source.content), there: to, ...more })
  }
  if (direction === 'up') {
    const more = { ...mode, ...running, symlinks, ...(owner === undefined ? {} : { owner }) }
    return copyUp(shell, { here: await fileToRead(filesDirectory, source.path), there: to, ...more })
  }
  // a link that a target sends could lead a later copy out of the folder
  const more = { ...mode, ...running, symlinks: 'skip' as const }
  return copyDown(shell, { here: await fileToWrite(filesDirectory, to), there: source.path, ...more })
}

const copyFile = async (
  files: TargetFiles,
  { direction, source, to }: CopyOrder,
  filesDirectory: string | undefined,
  running: Running,
): Promise<CopyResult> => {
  if ('content' in source) return copyFileUp(files, { content: Buffer.from(source.content), there: to, ...running })
  return direction === 'up'
    ? copyFileUp(files, { here: await fileToRead(filesDirectory, source.path), there: to, ...running })
    : copyFileDown(files, { here: await fileToWrite(filesDirectory, to), there: source.path, ...running })
}

/** What became of a copy that a former holder of the branch has begun: it has ended with its connection, nobody knows where. */
export const copyLeftBehind = ({ hold }: StepTry): StepOutcome =>
  hold.cancelled.aborted
    ? outcome({
        status: 'cancelled',
        cancelOutcome: 'unconfirmed',
        message: 'Its executor was lost while it copied, and nobody saw it end; what was copied before is there.',
      })
    : outcome({ status: 'unknown', message: 'Its executor was lost while it copied; nobody knows how far it came.' })

const progressInto = ({ output }: StepTry) => {
  let toldAt = performance.now()
  return ({ path, doneBytes, totalBytes, doneFiles, totalFiles }: CopyProgress): void => {
    if (performance.now() - toldAt < progressMs) return
    toldAt = performance.now()
    const bytes = totalBytes === undefined ? `${doneBytes} bytes` : `${doneBytes} of ${totalBytes} bytes`
    const line = `${doneFiles} of ${filesWord(totalFiles)}, ${bytes}: ${path}\n`
    void output.write('stdout', Buffer.from(line))
  }
}

export const outcomeOfCopy = (result: CopyResult, step: CopyStep): StepOutcome => {
  switch (result.kind) {
    case 'copied': {
      const { files, folders, links, sizeBytes, verifiedBy, sha256, skipped } = result
      const copied: Copied = {
        files,
        folders,
        links,
        sizeBytes,
        verifiedBy,
        sha256: sha256 ?? null,
        skipped: skipped.slice(0, skippedKept),
      }
      return outcome({ status: 'completed', message: sentenceOf(copied, skipped.length), copied })
    }
    case 'failed':
      return outcome({ status: 'failed', message: `${result.path}: ${result.reason}` })
    case 'unknown': {
      const message = `${result.path}: ${result.reason} It is there as it was, or as a whole.`
      return isIdempotent(step)
        ? outcome({ status: 'failed', fault: 'unreachable', message })
        : outcome({ status: 'unknown', fault: 'unreachable', message })
    }
    case 'stopped': {
      const { outcome: cancelOutcome } = result
      const message = `What was copied before is there; nothing is there in part.${whatIsLeft(result)}`
      return result.because === 'timeout'
        ? outcome({
            status: 'failed',
            fault: 'timeout',
            cancelOutcome,
            message: `It was stopped after its time limit of ${step.timeoutSec ?? 0} s. ${message}`,
          })
        : outcome({ status: 'cancelled', cancelOutcome, message: `It was stopped. ${message}` })
    }
  }
}

const sentenceOf = ({ files, sizeBytes, verifiedBy, sha256 }: Copied, skipped: number): string =>
  `Copied ${filesWord(files)}, ${sizeBytes} bytes, compared by ${verifiedBy === 'sha256' ? `SHA-256${sha256 === null ? '' : ` (${sha256})`}` : 'checksum'}.` +
  (skipped === 0 ? '' : ` Left out: ${skipped}, which are links or no files.`)

const filesWord = (count: number) => `${count} ${count === 1 ? 'file' : 'files'}`
