import { ProtocolError } from '../errors.ts'
import type { Command } from './command.ts'

export type Collected = { readonly exitCode: number; readonly stdout: string; readonly stderr: string }

/**
 * Waits for a command and keeps all it says, as UTF-8.
 * @throws ProtocolError when that is more than `maxBytes` (default 16 MiB); else as `Command.exit`
 */
export const collect = async (command: Command, maxBytes = 16_777_216): Promise<Collected> => {
  const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  let sizeBytes = 0
  for await (const { stream, data } of command.output) {
    sizeBytes += data.length
    if (sizeBytes > maxBytes) {
      await command.signal('terminate')
      throw new ProtocolError(`The command said more than ${maxBytes} bytes.`)
    }
    said[stream].push(data)
  }
  const { exitCode } = await command.exit
  // as a whole: a piece may end in the middle of a character
  return { exitCode, stdout: Buffer.concat(said.stdout).toString(), stderr: Buffer.concat(said.stderr).toString() }
}
