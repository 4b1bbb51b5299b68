import type { Client } from '../client.ts'
import { RemoteFileError } from '../errors.ts'
import { decoded } from '../powershell/run.ts'
import { encodedCommandLine } from '../powershell/script.ts'
import type { Psrp } from '../psrp/psrp.ts'
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

/** What runs the PowerShell halves: a powershell.exe for each, or a runspace that stays. */
export type CopyThrough = Client | Psrp

export const isRunspace = (through: CopyThrough): through is Psrp => 'client' in through
export const clientOf = (through: CopyThrough): Client => (isRunspace(through) ? through.client : through)

/** A running script of ours: its output, and what it complains about. */
export type Copying = {
  readonly command: Omit<Command, 'output' | 'id'>
  readonly stdout: AsyncIterable<Buffer>
  /** Waits for its end. @throws RemoteFileError with PowerShell's own words when it failed */
  succeed(): Promise<void>
}

/** Its output and its complaints apart, whatever runs it. */
const start = async (through: CopyThrough, script: string, options: StartOptions) => {
  if (isRunspace(through)) {
    const command = await through.run(script, { ...options, isStreaming: true })
    return { command, output: command.output }
  }
  const command = await through.run(encodedCommandLine(script), options)
  return { command, output: decoded(command.output) }
}

type StartOptions = Pick<RunOptions, 'acceptsInput' | 'signal'>

export const startCopying = async (through: CopyThrough, script: string, options: StartOptions): Promise<Copying> => {
  const { command, output } = await start(through, script, options)
  let complaint = ''
  const stdout = async function* (): AsyncGenerator<Buffer, void, void> {
    for await (const { stream, data } of output) {
      if (stream === 'stdout') yield data
      else if (stream === 'stderr') complaint = (complaint + data.toString()).slice(0, LONGEST_COMPLAINT)
    }
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
