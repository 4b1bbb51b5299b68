/** Small and repeatable (mulberry32); not for anything else. */
const createRandom = (seed: number) => () => {
  seed = (seed + 0x6d_2b_79_f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

const levels = ['INFO', 'INFO', 'INFO', 'DEBUG', 'WARN', 'ERROR']
const verbs = ['served', 'queued', 'stored', 'refused', 'retried', 'compressed', 'forwarded']

/** Text such as servers log, about 100 bytes a line: it neither compresses to nothing nor not at all. */
export const logText = (bytes: number): string => {
  const random = createRandom(1)
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)]
  const hex = () => Math.floor(random() * 2 ** 32).toString(16)
  const lines: string[] = []
  let ms = Date.UTC(2026, 0, 1)
  for (let length = 0; length < bytes;) {
    ms += Math.floor(random() * 20)
    const line = `${new Date(ms).toISOString()} ${pick(levels)} worker-${Math.floor(random() * 64)} request ${hex()}${hex()} ${pick(verbs)} in ${Math.floor(random() * 900)} ms, ${Math.floor(random() * 100_000)} bytes\n`
    lines.push(line)
    length += line.length
  }
  return lines
    .join('')
    .slice(0, bytes - 1)
    .concat('\n')
}
