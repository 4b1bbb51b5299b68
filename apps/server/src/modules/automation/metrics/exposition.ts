import type { Context } from '../../../kernel/context.ts'
import { selectSums } from '../../../kernel/metrics/sums.store.ts'
import { labelText, type Labels } from '../../../kernel/metrics/sums.ts'
import { selectExecutors } from '../executors/executors.store.ts'
import { countOpenExecutions, selectQueues } from './metrics.store.ts'

type Gauge = { labels: Labels; value: number }

const helps = {
  opsconductor_steps_total: 'Tries of steps that have ended.',
  opsconductor_step_output_bytes_total: 'Bytes of output of steps.',
  opsconductor_step_seconds: 'How long each part of a step took; log-in is a part of connect.',
  opsconductor_branches_total: 'Branches that have ended, by target.',
} as const

/** What all executors did and what waits, in Prometheus' text format: the same from whichever gateway is asked. */
export const renderMetrics = async (ctx: Pick<Context, 'db'>): Promise<string> => {
  const { db } = ctx
  const [sums, executors, queues, open] = await Promise.all([
    selectSums(db),
    selectExecutors(db),
    selectQueues(db),
    countOpenExecutions(db),
  ])
  const lines: string[] = []
  const byFamily = Map.groupBy(sums, ({ name }) => familyOf(name))
  for (const [family, members] of byFamily) {
    const help = Object.entries(helps).find(([name]) => name === family)?.[1]
    const type = members.some(({ name }) => name.endsWith('_bucket')) ? 'histogram' : 'counter'
    lines.push(...(help === undefined ? [] : [`# HELP ${family} ${help}`]), `# TYPE ${family} ${type}`)
    for (const { name, labels, value } of members) lines.push(`${name}{${labels}} ${value}`)
  }
  const gauge = (name: string, help: string, values: readonly Gauge[]) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`)
    for (const { labels, value } of values) lines.push(`${name}{${labelText(labels)}} ${value}`)
  }
  const live = executors.filter(({ isLive }) => isLive)
  const ofExecutor = ({ name, zone }: { name: string; zone: string }) => ({ executor: name, zone })
  gauge(
    'opsconductor_executor_slots',
    'Branches that an executor can hold at once.',
    live.map((each) => ({ labels: ofExecutor(each), value: each.slots })),
  )
  gauge(
    'opsconductor_executor_slots_busy',
    'Branches that it holds.',
    live.map((each) => ({ labels: ofExecutor(each), value: each.running })),
  )
  gauge(
    'opsconductor_queue_depth',
    'Branches that wait for an executor of their zone.',
    queues.map(({ zone, depth }) => ({ labels: { zone }, value: depth })),
  )
  gauge(
    'opsconductor_queue_lag_seconds',
    'How long the first of them has waited.',
    queues.map(({ zone, lagSec }) => ({ labels: { zone }, value: lagSec })),
  )
  gauge(
    'opsconductor_executions',
    'Executions that have not ended.',
    open.map(({ status, count }) => ({ labels: { status }, value: count })),
  )
  gauge('opsconductor_executions_needing_attention', 'Those with a lost branch.', [
    { labels: {}, value: open.reduce((sum, { attention }) => sum + attention, 0) },
  ])
  return `${lines.join('\n')}\n`
}

/** `x_bucket`, `x_sum` and `x_count` belong to the histogram `x`. */
const familyOf = (name: string) => name.replace(/_(?:bucket|sum|count)$/, '')
