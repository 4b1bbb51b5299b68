import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Client } from '../client.ts'
import { RemoteFileError } from '../errors.ts'
import { encodedCommandLine } from '../powershell/script.ts'
import { sendCapacity } from '../winrs/requests.ts'
import { blocksOf, type Content } from './blocks.ts'
import { startCopying, type Copied, type CopyOptions, type Copying } from './copying.ts'
import { discardScript, uploadScript } from './scripts.ts'

export type { Content } from './blocks.ts'
export type UploadOptions = CopyOptions

/** How many bytes make a line of base64 that fills one Send, with its line end. */
const lineBytes = (maxEnvelopeBytes: number) => Math.floor((sendCapacity(maxEnvelopeBytes) - 2) / 4) * 3

/** Reads the answer, the hash the server computed itself. */
const confirmed = async ({ stdout }: Copying): Promise<string> => {
  let text = ''
  for await (const data of stdout) text = (text + data.toString('latin1')).slice(-200)
  return /=([0-9a-f]{64})/.exec(text)?.[1] ?? ''
}

const send = async (
  client: Client,
  content: Content,
  { command }: Copying,
  options: UploadOptions,
): Promise<Copied> => {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const block of blocksOf(content, lineBytes(client.maxEnvelopeBytes))) {
    if (command.isOver) break // it failed, or was cancelled: the answer says why
    hash.update(block)
    await command.write(`${block.toString('base64')}\r\n`)
    sizeBytes += block.length
    options.onProgress?.(sizeBytes)
  }
  const sha256 = hash.digest('hex')
  await command.write(`=${sha256}\r\n`)
  await command.end()
  return { sizeBytes, sha256 }
}

/**
 * Writes a file of any size, holding about one request of it in memory. It arrives under a temporary name beside its
 * own and is renamed when its SHA-256 fits, so a file of this name is always whole; a read-only one is replaced.
 * @param path on the server; relative paths begin at the user's home
 * @throws RemoteFileError, CancelledError, and as `Client.run`; what `content` throws
 */
export const upload = async (
  client: Client,
  content: Content,
  path: string,
  options: UploadOptions = {},
): Promise<Copied> => {
  await client.learnLimits(options.signal)
  const part = `.${randomBytes(6).toString('hex')}.part`
  const copying = await startCopying(client, uploadScript(path, part), { acceptsInput: true, signal: options.signal })
  const answer = confirmed(copying)
  answer.catch(() => {}) // heard below
  try {
    const sent = await send(client, content, copying, options)
    const sha256 = await answer
    await copying.succeed()
    if (sha256 !== sent.sha256) throw new RemoteFileError(`The server did not confirm that ${path} arrived.`)
    return sent
  } catch (error) {
    // what failed on the server explains why sending failed, and not the other way round
    await copying.command.signal('terminate').catch(() => {})
    const discard = await client
      .run(encodedCommandLine(discardScript(path, part)), { timeoutMs: 30_000, output: 'discard' })
      .catch(() => undefined)
    await discard?.exit.catch(() => {})
    throw error
  }
}

/** Uploads a file of this machine. */
export const uploadFile = (client: Client, localPath: string, path: string, options?: UploadOptions): Promise<Copied> =>
  upload(client, createReadStream(localPath, { highWaterMark: 262_144 }), path, options)
