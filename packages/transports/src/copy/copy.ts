import { stat } from 'node:fs/promises'
import type { Shell } from '../shell.ts'
import { inBatches, partsOf } from './batches.ts'
import type { Entry, Symlinks } from './entries.ts'
import { fetchBatch } from './fetch-batch.ts'
import { fetchFile } from './fetch-file.ts'
import { inParallel } from './in-parallel.ts'
import { listTarget } from './list-target.ts'
import { makeFoldersHere, makeLinksHere, setModesHere } from './local-folders.ts'
import { failedAt, type CopyProgress, type CopyResult, type Skipped } from './result.ts'
import { sendBatch } from './send-batch.ts'
import { sendFile } from './send-file.ts'
import { makeFolders, makeLinks, setModes } from './target-folders.ts'
import { lookAtTarget, type TargetTools } from './target-tools.ts'
import { walk } from './walk.ts'
import { type Scope, within } from './within.ts'
import { below, nameOf, shown, type Name } from './words.ts'

export type CopyRequest = {
  /** A path on this machine; bytes where it is no UTF-8. */
  here: string | Uint8Array
  /** A path on the target; a relative one begins at the home of the account. */
  there: string | Uint8Array
  /** What becomes of symbolic links below a folder; `keep` unless told. A link given as the path itself is followed. */
  symlinks?: Symlinks
  /** Permission bits for every file, e.g. 0o640; those of the original unless told. */
  mode?: number
  /** Files under way together; 4 unless told. Each is a command of its own. */
  filesAtATime?: number
  onProgress?: (progress: CopyProgress) => void
  /** Aborting stops it; what was put in its place stays, temporary files are removed. */
  signal: AbortSignal
  /** For all of it, in milliseconds. */
  timeoutMs?: number
}

/** What is copied up: a path of this machine, or a text that is a file nowhere yet. */
export type CopyUpRequest = Omit<CopyRequest, 'here'> &
  ({ here: CopyRequest['here']; content?: undefined } | { content: Uint8Array; here?: undefined }) & {
    /** `user`, `user:group` or numbers: whom everything copied belongs to there; the account that logs in unless told. */
    owner?: string
  }

/**
 * Copies a file or a folder to the target: under a temporary name, compared by its SHA-256, renamed. A file there is
 * replaced at once and as a whole; a folder there keeps what it has besides. POSIX is enough on the target.
 *
 * Throws a TransportError when the wire fails before anything could be copied.
 */
export const copyUp = (shell: Shell, request: CopyUpRequest): Promise<CopyResult> =>
  within(request, async ({ signal, abort }) => {
    const { owner, content } = request
    const [here, there] = [nameOf(request.here ?? ''), nameOf(request.there)]
    const tools = await lookAtTarget(shell, there, signal)
    const entries = content === undefined ? await entriesAt(here, request) : [asFile(content)]
    const isFolder = entries[0]?.kind === 'folder'
    const plan = planOf(entries, request)
    checkPlace(shown(there), tools.at, isFolder)
    const made = await makeFolders(shell, there, plan.folders, signal)
    const sum = await transfer(plan, request, { tools, abort }, async ([first, ...more], onBytes) => {
      const sending = { shell, tools, signal, onBytes, owner }
      const of = (file: FileEntry) => ({ from: below(here, file.path), mode: request.mode ?? file.mode })
      if (more.length === 0) return sendFile({ ...of(first), to: below(there, first.path), content }, sending)
      const { folder } = partsOf(first.path)
      const small = [first, ...more].map((file) => ({ ...of(file), name: partsOf(file.path).last }))
      await sendBatch(below(there, folder), small, sending)
      return undefined
    })
    await makeLinks(shell, there, plan.links, { signal, owner })
    await setModes(shell, there, made, { signal, owner })
    return report(plan, tools, isFolder ? undefined : sum)
  })

const entriesAt = async (here: Name, { symlinks = 'keep' }: Pick<CopyRequest, 'symlinks'>): Promise<Entry[]> => {
  const top = await stat(here).catch((cause: NodeJS.ErrnoException) => {
    throw failedAt(shown(here), `It cannot be read here (${cause.code}).`, cause)
  })
  if (!top.isFile() && !top.isDirectory()) throw failedAt(shown(here), 'It is neither a file nor a folder.')
  const entries: Entry[] = []
  for await (const entry of walk(here, symlinks)) entries.push(entry)
  return entries
}

const CONTENT_MODE = 0o644

const asFile = (content: Uint8Array): Entry => ({
  kind: 'file',
  path: nameOf(''),
  mode: CONTENT_MODE,
  sizeBytes: content.length,
})

/** The same in the other direction; nothing is written outside of `here`, whatever the target says. */
export const copyDown = (shell: Shell, request: CopyRequest): Promise<CopyResult> =>
  within(request, async ({ signal, abort }) => {
    const [here, there] = [nameOf(request.here), nameOf(request.there)]
    const tools = await lookAtTarget(shell, there, signal)
    if (tools.at === 'nothing') throw failedAt(shown(there), 'There is nothing of that name on the target.')
    if (tools.at === 'other') throw failedAt(shown(there), 'It is neither a file nor a folder.')
    const found = await stat(here).catch(() => undefined)
    const foundKind = found?.isDirectory() === true ? 'folder' : 'file'
    checkPlace(shown(here), found === undefined ? 'nothing' : foundKind, tools.at === 'folder')
    const entries = await listTarget(shell, there, tools, request.symlinks ?? 'keep', signal)
    const plan = planOf(entries, request)
    const made = await makeFoldersHere(here, plan.folders)
    const sum = await transfer(plan, request, { tools, abort }, async ([first, ...more], onBytes) => {
      const fetching = { shell, tools, signal, onBytes }
      const of = ({ path, mode, sizeBytes }: FileEntry) => ({
        from: below(there, path),
        to: below(here, path),
        mode: request.mode ?? mode,
        sizeBytes,
      })
      if (more.length === 0) return fetchFile(of(first), fetching)
      await fetchBatch([first, ...more].map(of), fetching)
      return undefined
    })
    await makeLinksHere(here, plan.links)
    await setModesHere(here, made)
    return report(plan, tools, tools.at === 'file' ? sum : undefined)
  })

type FileEntry = Extract<Entry, { kind: 'file' }>
type Plan = {
  files: FileEntry[]
  folders: Extract<Entry, { kind: 'folder' }>[]
  links: Extract<Entry, { kind: 'link' }>[]
  skipped: Skipped[]
  totalBytes: number
}

const planOf = (entries: readonly Entry[], { symlinks = 'keep' }: Pick<CopyRequest, 'symlinks'>): Plan => {
  const links = entries.filter((entry) => entry.kind === 'link')
  const files = entries.filter((entry) => entry.kind === 'file')
  return {
    files,
    folders: entries.filter((entry) => entry.kind === 'folder'),
    links: symlinks === 'skip' ? [] : links,
    skipped: [
      ...(symlinks === 'skip' ? links : []).map(({ path }) => ({ path: shown(path), reason: 'a symbolic link' })),
      ...entries
        .filter((entry) => entry.kind === 'other')
        .map(({ path }) => ({ path: shown(path), reason: 'neither a file nor a folder' })),
    ],
    totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

const checkPlace = (place: string, at: TargetTools['at'], isFolder: boolean): void => {
  if (isFolder && at !== 'folder' && at !== 'nothing')
    throw failedAt(place, 'There is something of that name which is no folder.')
  if (!isFolder && at === 'folder') throw failedAt(place, 'That is a folder. Name the file in it.')
}

/** Copies all files; returns the sum of the last. */
const transfer = async (
  plan: Plan,
  { filesAtATime = 4, onProgress }: Pick<CopyRequest, 'filesAtATime' | 'onProgress'>,
  { tools, abort }: Pick<Scope, 'abort'> & { tools: TargetTools },
  copy: (batch: [FileEntry, ...FileEntry[]], onBytes: (bytes: number) => void) => Promise<{ sum: string } | undefined>,
): Promise<string | undefined> => {
  let doneBytes = 0
  let doneFiles = 0
  let sum: string | undefined
  const tell = (path: Name): void =>
    onProgress?.({
      path: shown(path),
      doneBytes,
      totalBytes: plan.totalBytes,
      doneFiles,
      totalFiles: plan.files.length,
    })
  await inParallel(inBatches(plan.files, tools.listSums !== undefined), filesAtATime, abort, async (batch) => {
    const [first, ...more] = batch
    if (first === undefined) return
    const copied = await copy([first, ...more], (bytes) => {
      doneBytes += bytes
      tell(first.path)
    })
    sum = copied?.sum
    doneFiles += batch.length
    tell((more.at(-1) ?? first).path)
  })
  return sum
}

const report = (plan: Plan, { verifiedBy }: TargetTools, sum: string | undefined): CopyResult => ({
  kind: 'copied',
  files: plan.files.length,
  folders: plan.folders.length,
  links: plan.links.length,
  sizeBytes: plan.totalBytes,
  verifiedBy,
  ...(sum === undefined || verifiedBy === 'cksum' ? {} : { sha256: sum }),
  skipped: plan.skipped,
})
