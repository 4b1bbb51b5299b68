import { randomBytes } from 'node:crypto'
import { chmod, open, rename, rm, type FileHandle } from 'node:fs/promises'
import type { Shell } from '../shell.ts'
import { askTarget } from './ask-target.ts'
import { failedAt } from './result.ts'
import { createSum, readSum, type TargetTools } from './target-tools.ts'
import { assign, beside, shown, type Name } from './words.ts'

export type FileToFetch = {
  from: Name
  to: Name
  /** Permission bits here. */
  mode: number
  /** As listed; only chooses the tool. */
  sizeBytes: number
}

export type Fetching = { shell: Shell; tools: TargetTools; signal: AbortSignal; onBytes: (bytes: number) => void }

// Taken and not yet on the disk; beyond, the target waits.
const MOST_HELD_BYTES = 4_194_304

/** Writes what it is given in order, and holds its giver back when the disk is slower. */
const createWriter = (
  file: FileHandle,
): { write: (bytes: Uint8Array) => void | Promise<void>; finish: () => Promise<void> } => {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let writing: Promise<void> | undefined
  const drain = async (): Promise<void> => {
    while (held.length > 0) {
      const pieces = held
      const bytes = heldBytes
      held = []
      await file.writev(pieces)
      heldBytes -= bytes
    }
    writing = undefined
  }
  return {
    write(bytes) {
      held.push(bytes)
      heldBytes += bytes.length
      writing ??= drain()
      writing.catch(() => {}) // finish() says it
      return heldBytes > MOST_HELD_BYTES ? writing : undefined
    },
    finish: async () => writing,
  }
}

/** Fetches one file: temporary name, sum, rename. Throws a CopyEnd, or the wire's TransportError. */
export const fetchFile = async (file: FileToFetch, fetching: Fetching): Promise<{ sum: string; sizeBytes: number }> => {
  const { from, to, mode, sizeBytes: listedBytes } = file
  const { shell, tools, signal, onBytes } = fetching
  const temporary = beside(to, `.oc-copy-${randomBytes(8).toString('hex')}`)
  // x: never through a link somebody put there
  const target = await open(temporary, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    throw failedAt(shown(to), `It cannot be written here (${cause.code}).`, cause)
  })
  try {
    const summing = createSum(tools.verifiedBy)
    const writer = createWriter(target)
    let sizeBytes = 0
    const script = `${assign('oc_from', from)}
oc_size=${listedBytes}
${tools.sumFunction}
exec 3<"$oc_from" || exit 2
oc_sum <"$oc_from" >&2 &
cat <&3 || exit 3
wait $! || exit 4`
    const { stderr } = await askTarget(shell, {
      script,
      path: shown(from),
      signal,
      onOutput: (bytes) => {
        summing.update(bytes)
        sizeBytes += bytes.length
        onBytes(bytes.length)
        return writer.write(bytes)
      },
    })
    await writer.finish()
    const sum = summing.digest()
    if (readSum(tools.verifiedBy, stderr) !== sum)
      throw failedAt(
        shown(from),
        'It arrived damaged, or it changed while it was copied; nothing was put in its place.',
      )
    await target.close()
    await chmod(temporary, mode)
    await rename(temporary, to)
    return { sum, sizeBytes }
  } catch (error) {
    await target.close().catch(() => {})
    await rm(temporary, { force: true })
    throw isDiskError(error) ? failedAt(shown(to), `It cannot be written here (${error.code}).`, error) : error
  }
}

const isDiskError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'errno' in error
