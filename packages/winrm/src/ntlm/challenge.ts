import { ProtocolError } from '../errors.ts'
import { Av, findAv, readAvPairs, type AvPair } from './av-pairs.ts'
import { hasFlag, REQUIRED_FLAGS } from './flags.ts'
import { isNtlmMessage, readField } from './message.ts'

/** CHALLENGE_MESSAGE, MS-NLMP 2.2.1.2. */
export type Challenge = {
  /** The message as it came: the MIC covers it. */
  readonly message: Buffer
  readonly flags: number
  /** 8 bytes. */
  readonly serverChallenge: Buffer
  readonly target: readonly AvPair[]
  /** 8 bytes, a FILETIME; every Windows since Vista gives one. */
  readonly timestamp: Buffer | undefined
  readonly computerName: string
}

/** @throws ProtocolError when it is not a challenge */
export const readChallenge = (message: Buffer): Challenge => {
  if (!isNtlmMessage(message, 2) || message.length < 48) throw new ProtocolError('The answer is no NTLM challenge.')
  const flags = message.readUInt32LE(20)
  const target = readAvPairs(readField(message, 40))
  const timestamp = findAv(target, Av.timestamp)
  return {
    message,
    flags,
    serverChallenge: message.subarray(24, 32),
    target,
    timestamp: timestamp?.length === 8 ? timestamp : undefined,
    computerName: findAv(target, Av.computerName)?.toString('utf16le') ?? '',
  }
}

/** @throws ProtocolError when the server refuses what sealing needs */
export const requireSealing = ({ flags }: Challenge): void => {
  const refused = REQUIRED_FLAGS.filter(([, flag]) => !hasFlag(flags, flag)).map(([name]) => name)
  if (refused.length > 0) throw new ProtocolError(`The server's NTLM offers no ${refused.join(', no ')}.`)
}
