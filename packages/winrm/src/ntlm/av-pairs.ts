import { ProtocolError } from '../errors.ts'

/** AvId, MS-NLMP 2.2.2.1. */
export const Av = {
  end: 0,
  computerName: 1,
  domainName: 2,
  dnsComputerName: 3,
  dnsDomainName: 4,
  flags: 6,
  timestamp: 7,
  targetName: 9,
  channelBindings: 10,
} as const

/** Bit of the AvFlags value: the AUTHENTICATE_MESSAGE carries a MIC. */
export const AV_FLAG_MIC = 2

export type AvPair = { readonly id: number; readonly value: Buffer }

/** Reads a list of AV_PAIRs up to its end mark, which is not among them. @throws ProtocolError when it is cut short */
export const readAvPairs = (data: Buffer): AvPair[] => {
  const pairs: AvPair[] = []
  for (let at = 0; ;) {
    if (at + 4 > data.length) throw new ProtocolError('The NTLM target information has no end.')
    const id = data.readUInt16LE(at)
    const length = data.readUInt16LE(at + 2)
    if (id === Av.end) return pairs
    if (at + 4 + length > data.length) throw new ProtocolError('The NTLM target information is cut short.')
    pairs.push({ id, value: data.subarray(at + 4, at + 4 + length) })
    at += 4 + length
  }
}

/** The pairs with an end mark behind them. */
export const writeAvPairs = (pairs: readonly AvPair[]): Buffer =>
  Buffer.concat(
    [...pairs, { id: Av.end, value: Buffer.alloc(0) }].flatMap(({ id, value }) => {
      const head = Buffer.alloc(4)
      head.writeUInt16LE(id, 0)
      head.writeUInt16LE(value.length, 2)
      return [head, value]
    }),
  )

export const findAv = (pairs: readonly AvPair[], id: number): Buffer | undefined =>
  pairs.find((pair) => pair.id === id)?.value
