import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import type { CopyRequest } from './copy.ts'
import { failedAt, type CopyResult } from './result.ts'
import type { Arrived, FileRequest, TargetFiles } from './target-files.ts'
import { within } from './within.ts'
import { beside, nameOf, shown } from './words.ts'

export type CopyFileRequest = Pick<CopyRequest, 'onProgress' | 'signal' | 'timeoutMs'> & { here: string; there: string }

/** A file of this machine, or a text that is a file nowhere yet. */
export type CopyFileUpRequest = Omit<CopyFileRequest, 'here'> &
  ({ here: string; content?: undefined } | { content: Uint8Array; here?: undefined })

/** Copies one file to a target that takes whole files: under a temporary name, compared by its SHA-256, renamed. */
export const copyFileUp = (files: TargetFiles, request: CopyFileUpRequest): Promise<CopyResult> =>
  within(request, async ({ signal }) => {
    const { here, content, there } = request
    const totalBytes = content === undefined ? await sizeOf(here) : content.length
    const source = content === undefined ? contentOf(here) : piecesOf(content)
    return report(await files.write(there, source, { signal, onBytes: telling(there, request, totalBytes) }))
  })

/** The same in the other direction. What comes down belongs to this account alone: mode 0600. */
export const copyFileDown = (files: TargetFiles, request: CopyFileRequest): Promise<CopyResult> =>
  within(request, async ({ signal }) => {
    const { here, there } = request
    if ((await stat(here).catch(() => undefined))?.isDirectory() === true)
      throw failedAt(here, 'That is a folder. Name the file in it.')
    const temporary = shown(beside(nameOf(here), `.oc-copy-${randomBytes(8).toString('hex')}`))
    // x: never through a link somebody put there
    const file = await onDisk(here, open(temporary, 'wx', 0o600))
    try {
      const arrived = await receive(files, file, request, { signal, onBytes: telling(there, request, undefined) })
      await onDisk(here, file.close())
      await onDisk(here, rename(temporary, here))
      return report(arrived)
    } catch (error) {
      await file.close().catch(() => {})
      await rm(temporary, { force: true })
      throw error
    }
  })

const sizeOf = async (here: string): Promise<number> => {
  const found = await stat(here).catch((cause: NodeJS.ErrnoException) => {
    throw failedAt(here, `It cannot be read here (${cause.code}).`, cause)
  })
  if (found.isDirectory()) throw failedAt(here, 'It is a folder, and only single files are copied to this target.')
  if (!found.isFile()) throw failedAt(here, 'It is no file.')
  return found.size
}

const READ_AT_ONCE_BYTES = 262_144

const contentOf = async function* (here: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(here, { highWaterMark: READ_AT_ONCE_BYTES })) yield piece as Uint8Array
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause
    throw failedAt(here, `It cannot be read here (${String(cause.code)}).`, cause)
  }
}

const piecesOf = async function* (content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
}

const receive = async (
  files: TargetFiles,
  file: FileHandle,
  { here, there }: CopyFileRequest,
  request: FileRequest,
): Promise<Arrived> => {
  const blocks = files.read(there, request)
  try {
    for (;;) {
      const { done, value } = await blocks.next()
      if (done === true) return value
      await onDisk(here, file.writeFile(value))
    }
  } catch (error) {
    // ends it on the target, too, when it was the disk that failed
    await blocks.return(nothing).catch(() => {})
    throw error
  }
}

const nothing: Arrived = { sizeBytes: 0, sha256: '' }

const onDisk = <T>(here: string, work: Promise<T>): Promise<T> =>
  work.catch((cause: NodeJS.ErrnoException) => {
    throw failedAt(here, `It cannot be written here (${cause.code}).`, cause)
  })

const telling =
  (path: string, { onProgress }: Pick<CopyRequest, 'onProgress'>, totalBytes: number | undefined) =>
  (doneBytes: number): void =>
    onProgress?.({ path, doneBytes, totalBytes, doneFiles: 0, totalFiles: 1 })

const report = ({ sizeBytes, sha256 }: Arrived): CopyResult => ({
  kind: 'copied',
  files: 1,
  folders: 0,
  links: 0,
  sizeBytes,
  verifiedBy: 'sha256',
  sha256,
  skipped: [],
})
