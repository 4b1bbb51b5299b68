/** NegotiateFlags, MS-NLMP 2.2.2.5: those WinRM's message encryption needs, and no more. */
export const Flag = {
  unicode: 0x0000_0001,
  requestTarget: 0x0000_0004,
  sign: 0x0000_0010,
  seal: 0x0000_0020,
  ntlm: 0x0000_0200,
  alwaysSign: 0x0000_8000,
  extendedSessionSecurity: 0x0008_0000,
  targetInfo: 0x0080_0000,
  version: 0x0200_0000,
  key128: 0x2000_0000,
  keyExchange: 0x4000_0000,
  key56: 0x8000_0000,
} as const

/** What the client offers. */
export const OFFERED_FLAGS = Object.values(Flag).reduce((all, flag) => (all | flag) >>> 0, 0)

/** Without these there is no sealing worth its name, so a server that refuses one is refused. */
export const REQUIRED_FLAGS = [
  ['unicode', Flag.unicode],
  ['extended session security', Flag.extendedSessionSecurity],
  ['target information', Flag.targetInfo],
  ['signing', Flag.sign],
  ['sealing', Flag.seal],
  ['128-bit keys', Flag.key128],
  ['key exchange', Flag.keyExchange],
] as const

export const hasFlag = (flags: number, flag: number) => (flags & flag) !== 0
