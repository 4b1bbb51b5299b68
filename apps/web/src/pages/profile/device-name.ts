// the order matters: Edge and Opera also call themselves Chrome, and Chrome calls itself Safari
const programs = [
  [/opsctl/i, 'opsctl'],
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/HeadlessChrome\/|Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/curl\//, 'curl'],
] as const

const systems = [
  [/Windows/, 'Windows'],
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
] as const

/** "Firefox on Linux" from a User-Agent; what is not known is shown as it came. */
export const deviceName = (userAgent: string) => {
  const program = programs.find(([pattern]) => pattern.test(userAgent))?.[1]
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1]
  if (program === undefined) return userAgent === '' ? 'An unknown device' : userAgent
  return system === undefined ? program : `${program} on ${system}`
}
