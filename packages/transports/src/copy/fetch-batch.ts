import { randomBytes } from 'node:crypto'
import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { askTarget } from './ask-target.ts'
import { fetchFile, type Fetching, type FileToFetch } from './fetch-file.ts'
import { failedAt } from './result.ts'
import { createSum } from './target-tools.ts'
import { assign, beside, shown } from './words.ts'

/**
 * Fetches small files together: one stream, parted by the sizes that were listed, and the sums of all at its end. When
 * one of them has changed since, each is fetched by itself. Throws a CopyEnd, or the wire's TransportError.
 */
export const fetchBatch = async (files: readonly FileToFetch[], fetching: Fetching): Promise<void> => {
  const { shell, tools, signal, onBytes } = fetching
  const names = files.map(({ from }) => `${assign('oc_from', from)}\nset -- "$@" "$oc_from"`)
  const [first] = files
  const { stdout, stderr } = await askTarget(shell, {
    script: `set --\n${names.join('\n')}\ncat "$@" || exit 3\n${tools.listSums} "$@" >&2 || exit 4`,
    path: shown(first?.from ?? Buffer.alloc(0)),
    signal,
    complaintBytes: files.length * 5_000,
  })
  const sums = stderr.match(/^\\?[0-9a-f]{64}/gm) ?? []
  let at = 0
  for (const [index, file] of files.entries()) {
    const bytes = stdout.subarray(at, at + file.sizeBytes)
    at += file.sizeBytes
    const sum = createSum(tools.verifiedBy)
    sum.update(bytes)
    if (sums[index]?.replace('\\', '') !== sum.digest()) {
      for (const rest of files.slice(index)) await fetchFile(rest, fetching)
      return
    }
    await place(file, bytes)
    onBytes(bytes.length)
  }
}

const place = async ({ to, mode }: FileToFetch, bytes: Buffer): Promise<void> => {
  const temporary = beside(to, `.oc-copy-${randomBytes(8).toString('hex')}`)
  try {
    await writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 })
    await chmod(temporary, mode)
    await rename(temporary, to)
  } catch (cause) {
    await rm(temporary, { force: true })
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no reason given'
    throw failedAt(shown(to), `It cannot be written here (${code}).`, cause)
  }
}
