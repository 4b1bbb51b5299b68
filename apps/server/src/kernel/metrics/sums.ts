import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { DB } from '../database/index.ts'
import { addToSums, type Sum } from './sums.store.ts'

export type Labels = Record<string, string>

export type Sums = {
  add: (name: string, labels: Labels, value?: number) => void
  /** One more measurement of a histogram, in seconds. */
  observe: (name: string, labels: Labels, seconds: number) => void
  /** Writes down what has come together. */
  stop: () => Promise<void>
}

/** Upper edges of a histogram, in seconds. */
export const edges = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600]
const everyMs = 2_000

/**
 * Counts in this process, and adds to the sums of all processes every few seconds. A process that is killed takes the last
 * of them along: what exactly happened is in the rows of its own tables, not here.
 */
export const createSums = ({ db, log }: { db: Kysely<DB>; log: Logger }): Sums => {
  let held = new Map<string, Sum>()

  const add = (name: string, labels: Labels, value = 1) => {
    const written = labelText(labels)
    const key = `${name} ${written}`
    const sum = held.get(key) ?? { name, labels: written, value: 0 }
    sum.value += value
    held.set(key, sum)
  }

  const flush = async () => {
    const taken = held
    held = new Map()
    try {
      await addToSums(db, [...taken.values()])
    } catch (error) {
      log.warn({ err: error }, 'metrics could not be written down; they are tried again')
      for (const [key, { name, labels, value }] of taken)
        held.set(key, { name, labels, value: value + (held.get(key)?.value ?? 0) })
    }
  }

  let flushing = Promise.resolve()
  const timer = setInterval(() => {
    if (held.size > 0) flushing = flushing.then(flush)
  }, everyMs)
  timer.unref()

  return {
    add,
    observe: (name, labels, seconds) => {
      for (const edge of edges) if (seconds <= edge) add(`${name}_bucket`, { ...labels, le: String(edge) })
      add(`${name}_bucket`, { ...labels, le: '+Inf' })
      add(`${name}_count`, labels)
      add(`${name}_sum`, labels, seconds)
    },
    stop: async () => {
      clearInterval(timer)
      await flushing
      await flush()
    },
  }
}

export const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')

const escaped = (value: string) =>
  value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
