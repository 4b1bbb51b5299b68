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

/** How many measurements fell up to which edge, and behind the last. */
type Histogram = { name: string; labels: string; counts: number[]; seconds: number }

/** Upper edges of a histogram, in seconds. */
export const edges = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600]
const everyMs = 2_000

/**
 * Counts in this process, and adds to the sums of all processes every few seconds. A process that is killed takes the last
 * of them along: what exactly happened is in the rows of its own tables, not here.
 */
export const createSums = ({ db, log }: { db: Kysely<DB>; log: Logger }): Sums => {
  let held = new Map<string, Sum>()
  let measured = new Map<string, Histogram>()

  const addTo = (name: string, labels: string, value: number) => {
    const key = `${name} ${labels}`
    const sum = held.get(key)
    if (sum === undefined) held.set(key, { name, labels, value })
    else sum.value += value
  }

  /** What was measured becomes sums only when it is written down: one measurement counts in most of them. */
  const sumUp = () => {
    for (const { name, labels, counts, seconds } of measured.values()) {
      const of = (edge: string) => (labels === '' ? `le="${edge}"` : `${labels},le="${edge}"`)
      let below = 0
      for (const [index, edge] of edges.entries()) {
        below += counts[index] ?? 0
        if (below > 0) addTo(`${name}_bucket`, of(String(edge)), below)
      }
      const count = below + (counts[edges.length] ?? 0)
      addTo(`${name}_bucket`, of('+Inf'), count)
      addTo(`${name}_count`, labels, count)
      addTo(`${name}_sum`, labels, seconds)
    }
    measured = new Map()
  }

  const flush = async () => {
    sumUp()
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
    if (held.size + measured.size > 0) flushing = flushing.then(flush)
  }, everyMs)
  timer.unref()

  return {
    add: (name, labels, value = 1) => addTo(name, labelText(labels), value),
    observe: (name, labels, seconds) => {
      const text = labelText(labels)
      const key = `${name} ${text}`
      const histogram = measured.get(key) ?? { name, labels: text, counts: edges.map(() => 0).concat(0), seconds: 0 }
      measured.set(key, histogram)
      const edge = edges.findIndex((edge) => seconds <= edge)
      const at = edge < 0 ? edges.length : edge
      histogram.counts[at] = (histogram.counts[at] ?? 0) + 1
      histogram.seconds += seconds
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

const special = /["\\\n]/
const escaped = (value: string) =>
  special.test(value)
    ? value
        .replaceAll('\\', String.raw`\\`)
        .replaceAll('"', String.raw`\"`)
        .replaceAll('\n', String.raw`\n`)
    : value
