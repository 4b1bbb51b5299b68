import { watchForeignLoad } from '../ground/foreign-load.ts'
import { figure } from './goal.ts'
import { median } from './median.ts'

/** One go of one contestant: how long it took, and the processor time of all its processes. */
export type Go = { wallMs: number; cpuMs: number }

export type Contestant = { name: string; go: () => Promise<Go> }

export type Results = {
  /** Median of a contestant; NaN where it could not be measured. */
  wallMs: (name: string) => number
  cpuMs: (name: string) => number
}

export const rounds = 5

/**
 * Lets everyone go in turn, so many rounds, and prints medians beside those of the first. Whoever fails once is out, with
 * a word; the first one must not fail.
 */
export const takeTurns = async (
  title: string,
  contestants: readonly Contestant[],
  times = rounds,
): Promise<Results> => {
  const taken = new Map<string, Go[]>(contestants.map(({ name }) => [name, []]))
  const out = new Map<string, string>()
  const foreign = watchForeignLoad()
  for (let round = 0; round < times; round++) {
    for (const { name, go } of contestants) {
      if (out.has(name)) continue
      try {
        taken.get(name)?.push(await go())
      } catch (error) {
        if (name === contestants[0]?.name) throw error
        out.set(name, error instanceof Error ? error.message : String(error))
      }
    }
  }
  const of = (name: string, what: keyof Go) =>
    median((out.has(name) ? [] : (taken.get(name) ?? [])).map((go) => go[what]))
  const results: Results = { wallMs: (name) => of(name, 'wallMs'), cpuMs: (name) => of(name, 'cpuMs') }

  const [first] = contestants
  console.log(
    `${title}; median of ${times}, in turn; others on this machine: ${figure(foreign.processors())} processors`,
  )
  console.log(`${''.padEnd(44)}${row(['wall ms', 'min', 'max', 'CPU ms', '× wall', '× CPU'])}`)
  for (const { name } of contestants) {
    const reason = out.get(name)
    if (reason !== undefined) {
      console.log(`${name.padEnd(44)}  left out: ${reason}`)
      continue
    }
    const walls = (taken.get(name) ?? []).map(({ wallMs }) => wallMs)
    const cells = [
      results.wallMs(name),
      Math.min(...walls),
      Math.max(...walls),
      results.cpuMs(name),
      results.wallMs(name) / results.wallMs(first?.name ?? ''),
      results.cpuMs(name) / results.cpuMs(first?.name ?? ''),
    ]
    console.log(`${name.padEnd(44)}${row(cells.map(figure))}`)
  }
  return results
}

const row = (cells: readonly string[]) => cells.map((cell) => cell.padStart(9)).join('')
