import { ProtocolError } from '../errors.ts'
import type { Command } from './command.ts'

/** Every stream that said something, as UTF-8; stdout and stderr always. */
export type Collected<S extends string = never> = {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
} & { readonly [stream in Exclude<S, 'stdout' | 'stderr'>]?: string }

/** What can be collected: a command, of PowerShell too. */
export type Speaking<S extends string> = Pick<Command, 'exit' | 'signal'> & {
  readonly output: AsyncIterable<{ readonly stream: S; readonly data: Buffer }>
}

/**
 * Waits for a command and keeps all it says.
 * @throws ProtocolError when that is more than `maxBytes` (default 16 MiB); else as `Command.exit`
 */
export const collect = async <S extends string>(command: Speaking<S>, maxBytes = 16_777_216): Promise<Collected<S>> => {
  const said = new Map<string, Buffer[]>()
  let sizeBytes = 0
  for await (const { stream, data } of command.output) {
    sizeBytes += data.length
    if (sizeBytes > maxBytes) {
      await command.signal('terminate')
      throw new ProtocolError(`The command said more than ${maxBytes} bytes.`)
    }
    if (!said.has(stream)) said.set(stream, [])
    said.get(stream)!.push(data)
  }
  const { exitCode } = await command.exit
  // each as a whole: a piece may end in the middle of a character
  const texts = Object.fromEntries([...said].map(([stream, pieces]) => [stream, Buffer.concat(pieces).toString()]))
  return { exitCode, stdout: '', stderr: '', ...texts } as Collected<S>
}
