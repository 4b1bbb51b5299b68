import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { RemoteFileError } from '../errors.ts'
import { encodedCommandLine } from '../powershell/script.ts'
import { sendCapacity } from '../winrs/requests.ts'
import { blocksOf, type Content } from './blocks.ts'
import {
  clientOf,
  isRunspace,
  startCopying,
  type Copied,
  type CopyOptions,
  type Copying,
  type CopyThrough,
} from './copying.ts'
import { discardScript, partScript, uploadScript } from './scripts.ts'

export type { Content } from './blocks.ts'
export type UploadOptions = CopyOptions

/** In a runspace a line is a message with a frame of its own. */
const MESSAGE_OVERHEAD_BYTES = 512
/** Windows takes 50 MB for one command of a runspace (MaximumReceivedDataSizePerCommandMB), base64 and all. */
const PART_BYTES = 16 * 1_048_576

type Way = {
  /** As many bytes as make a line of base64 that fills one Send. */
  readonly lineBytes: number
  /** So much goes with one command. */
  readonly partBytes: number
  readonly script: (isFirst: boolean) => string
}

const wayThrough = (through: CopyThrough, path: string, part: string): Way => {
  const capacity = sendCapacity(clientOf(through).maxEnvelopeBytes)
  const lineBytes = (room: number) => Math.floor(room / 4) * 3
  return isRunspace(through)
    ? {
        lineBytes: lineBytes(capacity - MESSAGE_OVERHEAD_BYTES),
        partBytes: PART_BYTES,
        script: (isFirst) => partScript(path, part, isFirst),
      }
    : { lineBytes: lineBytes(capacity - 2), partBytes: Infinity, script: () => uploadScript(path, part) }
}

/** Reads the answer, the hash the server computed itself. */
const confirmed = async ({ stdout }: Copying): Promise<string> => {
  let text = ''
  for await (const data of stdout) text = (text + data.toString('latin1')).slice(-200)
  return /=([0-9a-f]{64})/.exec(text)?.[1] ?? ''
}

/** What has been sent of a content, and what it comes to. */
const createTally = (onProgress: UploadOptions['onProgress']) => {
  const hash = createHash('sha256')
  let sizeBytes = 0
  return {
    add(block: Buffer) {
      hash.update(block)
      sizeBytes += block.length
    },
    report: () => onProgress?.(sizeBytes),
    total: (): Copied => ({ sizeBytes, sha256: hash.copy().digest('hex') }),
  }
}
type Tally = ReturnType<typeof createTally>

/** Sends a part as lines. @returns whether nothing more is to be sent */
const sendPart = async (
  command: Copying['command'],
  blocks: AsyncIterator<Buffer>,
  partBytes: number,
  tally: Tally,
): Promise<boolean> => {
  for (let sentBytes = 0; sentBytes < partBytes;) {
    const { done, value } = await blocks.next()
    if (done === true) return true
    if (command.isOver) return true // it failed, or was cancelled: the answer says why
    tally.add(value)
    await command.write(`${value.toString('base64')}\r\n`)
    sentBytes += value.length
    tally.report()
  }
  return false
}

/** Runs one command with a part of the content. @returns what the server has confirmed, with the last part */
const uploadPart = async (
  copying: Copying,
  blocks: AsyncIterator<Buffer>,
  { partBytes }: Way,
  tally: Tally,
): Promise<string | undefined> => {
  const { command } = copying
  const answer = confirmed(copying)
  answer.catch(() => {}) // heard below
  try {
    const isLast = await sendPart(command, blocks, partBytes, tally)
    if (isLast) await command.write(`=${tally.total().sha256}\r\n`)
    await command.end()
    const sha256 = await answer
    await copying.succeed()
    return isLast ? sha256 : undefined
  } catch (error) {
    await command.signal('terminate').catch(() => {})
    throw error
  }
}

const discard = async (through: CopyThrough, path: string, part: string): Promise<void> => {
  const script = discardScript(path, part)
  const limits = { timeoutMs: 30_000, output: 'discard' } as const
  const running = isRunspace(through) ? through.run(script, limits) : through.run(encodedCommandLine(script), limits)
  const command = await running.catch(() => undefined)
  await command?.exit.catch(() => {})
}

/**
 * Writes a file of any size, holding about one request of it in memory. It arrives under a temporary name beside its
 * own and is renamed when its SHA-256 fits, so a file of this name is always whole; a read-only one is replaced.
 * @param through a client, or a PowerShell that stays
 * @param path on the server; relative paths begin at the user's home
 * @throws RemoteFileError, CancelledError, and as `Client.run`; what `content` throws
 */
export const upload = async (
  through: CopyThrough,
  content: Content,
  path: string,
  options: UploadOptions = {},
): Promise<Copied> => {
  const { signal, onProgress } = options
  await clientOf(through).learnLimits(signal)
  const part = `.${randomBytes(6).toString('hex')}.part`
  const way = wayThrough(through, path, part)
  const tally = createTally(onProgress)
  const blocks = blocksOf(content, way.lineBytes)
  let isFirst = true
  try {
    for (;;) {
      const copying = await startCopying(through, way.script(isFirst), { acceptsInput: true, signal })
      isFirst = false
      const sha256 = await uploadPart(copying, blocks, way, tally)
      if (sha256 === undefined) continue
      const total = tally.total()
      if (sha256 !== total.sha256) throw new RemoteFileError(`The server did not confirm that ${path} arrived.`)
      return total
    }
  } catch (error) {
    await blocks.return()
    if (!isFirst) await discard(through, path, part)
    throw error
  }
}

/** Uploads a file of this machine. */
export const uploadFile = (
  through: CopyThrough,
  localPath: string,
  path: string,
  options?: UploadOptions,
): Promise<Copied> => upload(through, createReadStream(localPath, { highWaterMark: 262_144 }), path, options)
