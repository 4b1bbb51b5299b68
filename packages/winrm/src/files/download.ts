import { createHash, randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { ProtocolError, RemoteFileError } from '../errors.ts'
import { linesOf } from './blocks.ts'
import { clientOf, isRunspace, startCopying, type Copied, type CopyOptions, type CopyThrough } from './copying.ts'
import { downloadScript } from './scripts.ts'

export type DownloadOptions = CopyOptions

/**
 * Reads a file of any size, block by block as it comes: whoever reads slowly slows the server down. After the last
 * block its SHA-256 is checked; until then nothing is sure. Ending the loop early ends the command on the server.
 * @param path on the server; relative paths begin at the user's home
 * @throws RemoteFileError, ProtocolError, CancelledError, and as `Client.run`
 */
export const download = async function* (
  through: CopyThrough,
  path: string,
  options: DownloadOptions = {},
): AsyncGenerator<Buffer, Copied, void> {
  await clientOf(through).learnLimits(options.signal)
  const script = downloadScript(path, isRunspace(through) ? 'pipeline' : 'console')
  const copying = await startCopying(through, script, { signal: options.signal })
  const hash = createHash('sha256')
  let sizeBytes = 0
  let stated: string | undefined
  let isComplete = false
  try {
    for await (const line of linesOf(copying.stdout)) {
      if (line.startsWith('=')) {
        stated = line.slice(1)
        continue
      }
      const block = Buffer.from(line, 'base64')
      hash.update(block)
      sizeBytes += block.length
      yield block
      options.onProgress?.(sizeBytes)
    }
    await copying.succeed()
    isComplete = true
  } catch (error) {
    throw error instanceof RangeError ? new ProtocolError('The server sent no base64 lines.', { cause: error }) : error
  } finally {
    if (!isComplete) await copying.command.signal('terminate').catch(() => {})
  }
  const sha256 = hash.digest('hex')
  if (sha256 !== stated) throw new RemoteFileError(`${path} did not arrive as it is on the server.`)
  return { sizeBytes, sha256 }
}

/** Downloads into a file of this machine, which gets its name only when it is whole. */
export const downloadFile = async (
  through: CopyThrough,
  path: string,
  localPath: string,
  options?: DownloadOptions,
): Promise<Copied> => {
  const part = `${localPath}.${randomBytes(6).toString('hex')}.part`
  const file = await open(part, 'wx')
  try {
    const blocks = download(through, path, options)
    for (;;) {
      const { done, value } = await blocks.next()
      if (done === true) {
        await file.sync()
        await file.close()
        await rename(part, localPath)
        return value
      }
      await file.writeFile(value)
    }
  } catch (error) {
    await file.close().catch(() => {})
    await rm(part, { force: true })
    throw error
  }
}
