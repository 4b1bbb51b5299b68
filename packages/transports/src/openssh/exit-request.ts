import type { ProgramEnd } from '../posix/program.ts'
import type { PacketReader } from './packets.ts'

/** `exit-status` and `exit-signal` (RFC 4254 §6.10); anything else is `undefined`. */
export const readExit = (request: string, reader: PacketReader): ProgramEnd | undefined => {
  if (request === 'exit-status') return { exitCode: reader.uint32() }
  if (request !== 'exit-signal') return undefined
  return { signal: reader.text().toString(), isCoreDumped: reader.byte() !== 0 }
}
