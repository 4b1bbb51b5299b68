import { randomBytes } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { quoted } from '../posix/bootstrap.ts'
import type { Shell } from '../shell.ts'
import { askTarget } from './ask-target.ts'
import { failedAt } from './result.ts'
import { createSum, readSum, type TargetTools } from './target-tools.ts'
import { assign, beside, shown, type Name } from './words.ts'

export type FileToSend = {
  from: Name
  /** In place of what is at `from`. */
  content?: Uint8Array | undefined
  to: Name
  /** Permission bits for the target. */
  mode: number
}

export type Sending = {
  shell: Shell
  tools: TargetTools
  signal: AbortSignal
  onBytes: (bytes: number) => void
  /** Whom it belongs to there; the account that logs in unless told. */
  owner: string | undefined
}

// Up to here a file is read once, its sum goes along, and the target puts it in its place by itself: one round trip.
const SMALL_BYTES = 1_048_576
const PIECE_BYTES = 262_144

const header = ({ to }: FileToSend, temporary: Name, sizeBytes: number, tools: TargetTools): string =>
  `${assign('oc_to', to)}
${assign('oc_tmp', temporary)}
oc_size=${sizeBytes}
${tools.sumFunction}`

// The temporary file is beside the one it becomes, so that the renaming is one step; noclobber, so that it is never
// written through a link somebody put there. A connection that breaks gives cat an end too early, and then the sum
// does not fit.
const receive = `if [ -d "$oc_to" ]; then echo "There is a folder of that name." >&2; exit 3; fi
umask 077
set -C
: >"$oc_tmp" || exit 4
set +C
trap 'rm -f "$oc_tmp"' 0
trap 'exit 129' 1 2 13 15
cat >"$oc_tmp" || exit 5
oc_got=$(oc_sum <"$oc_tmp") || exit 6`

// the owner first: that takes away what a mode may give beyond the plain bits
export const ownText = (owner: string | undefined, files: string): string =>
  owner === undefined ? '' : `chown ${quoted(owner)} ${files} || exit 10\n`

const putInPlace = (
  mode: number,
  owner: string | undefined,
): string => `${ownText(owner, '"$oc_tmp"')}chmod ${mode.toString(8).padStart(4, '0')} "$oc_tmp" || exit 8
mv -f "$oc_tmp" "$oc_to" || exit 9
trap - 0`

/** Sends one file: temporary name, sum, rename. Returns the sum. Throws a CopyEnd, or the wire's TransportError. */
export const sendFile = async (file: FileToSend, sending: Sending): Promise<{ sum: string; sizeBytes: number }> => {
  const temporary = beside(file.to, `.oc-copy-${randomBytes(8).toString('hex')}`)
  if (file.content !== undefined) {
    const head = header(file, temporary, file.content.length, sending.tools)
    return await sendSmall(file, file.content, head, sending)
  }
  await using source = await open(file.from, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw failedAt(shown(file.from), `It cannot be read here (${cause.code}).`, cause)
  })
  const { size } = await source.stat()
  const head = header(file, temporary, size, sending.tools)
  if (size > SMALL_BYTES) return await sendLarge(file, source, head, sending)
  return await sendSmall(file, await source.readFile(), head, sending)
}

const sendSmall = async (
  { to, mode }: FileToSend,
  bytes: Uint8Array,
  head: string,
  { shell, tools, signal, onBytes, owner }: Sending,
): Promise<{ sum: string; sizeBytes: number }> => {
  const summing = createSum(tools.verifiedBy)
  summing.update(bytes)
  const sum = summing.digest()
  const input = (async function* () {
    yield bytes
  })()
  const script = `${head}
${receive}
case $oc_got in *"${sum}"*) ;; *) echo "It arrived damaged." >&2; exit 7 ;; esac
${putInPlace(mode, owner)}`
  await askTarget(shell, { script, input, path: shown(to), signal })
  onBytes(bytes.length)
  return { sum, sizeBytes: bytes.length }
}

const sendLarge = async (
  { from, to, mode }: FileToSend,
  source: FileHandle,
  head: string,
  { shell, tools, signal, onBytes, owner }: Sending,
): Promise<{ sum: string; sizeBytes: number }> => {
  const summing = createSum(tools.verifiedBy)
  let sizeBytes = 0
  const input = (async function* () {
    for (;;) {
      const { bytesRead, buffer } = await source.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, null)
      if (bytesRead === 0) return
      const piece = buffer.subarray(0, bytesRead)
      summing.update(piece)
      sizeBytes += bytesRead
      yield piece
      onBytes(bytesRead)
    }
  })()
  const { stdout } = await askTarget(shell, {
    script: `${head}\n${receive}\necho "$oc_got"\ntrap - 0`,
    input,
    path: shown(to),
    signal,
  })
  const sum = summing.digest()
  const isWhole = readSum(tools.verifiedBy, stdout.toString()) === sum
  const { size } = await source.stat()
  if (isWhole && size === sizeBytes) {
    await askTarget(shell, { script: `${head}\n${putInPlace(mode, owner)}`, path: shown(to), signal })
    return { sum, sizeBytes }
  }
  await askTarget(shell, { script: `${head}\nrm -f "$oc_tmp"`, path: shown(to), signal })
  throw failedAt(
    shown(isWhole ? from : to),
    isWhole ? 'It changed while it was copied.' : 'It arrived damaged; nothing was put in its place.',
  )
}
