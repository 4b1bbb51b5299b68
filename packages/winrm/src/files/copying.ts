import type { Client } from '../client.ts'
import { RemoteFileError } from '../errors.ts'
import { createClixmlDecoder } from '../powershell/clixml.ts'
import { encodedCommandLine } from '../powershell/script.ts'
import type { Command } from '../winrs/command.ts'
import type { RunOptions } from '../winrs/shell.ts'

export type CopyOptions = {
  readonly signal?: AbortSignal | undefined
  /** Called with the number of bytes copied so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

export type Copied = { readonly sizeBytes: number; /** 64 hexadecimal digits. */ readonly sha256: string }

/** More than PowerShell says about one error. */
const LONGEST_COMPLAINT = 65_536

/** A running script of ours: its output, and what it complains about. */
export type Copying = {
  readonly command: Command
  readonly stdout: AsyncIterable<Buffer>
  /** Waits for its end. @throws RemoteFileError with PowerShell's own words when it failed */
  succeed(): Promise<void>
}

export const startCopying = async (client: Client, script: string, options: RunOptions): Promise<Copying> => {
  const command = await client.run(encodedCommandLine(script), options)
  const decoder = createClixmlDecoder()
  let complaint = ''
  const hear = (records: ReturnType<typeof decoder.push>) => {
    for (const { kind, text } of records)
      if (kind === 'error') complaint = (complaint + text).slice(0, LONGEST_COMPLAINT)
  }
  const stdout = async function* (): AsyncGenerator<Buffer, void, void> {
    for await (const { stream, data } of command.output) {
      if (stream === 'stdout') yield data
      else hear(decoder.push(data))
    }
    hear(decoder.end())
  }
  return {
    command,
    stdout: stdout(),
    async succeed() {
      const { exitCode } = await command.exit
      if (exitCode !== 0) throw new RemoteFileError(complaint.trim() || `PowerShell ended with ${exitCode}.`)
    },
  }
}
