import type { StepResult } from '@opsconductor/contract'
import { shownDuration, shownTime, type Printer } from './print.ts'

/** `Restart`, and from the second attempt on `Restart (attempt 2)`. */
export const nameOf = ({ name, attempt }: StepResult) => (attempt > 1 ? `${name} (attempt ${attempt})` : name)

/** What there is to say of a step in a sentence: why it failed, what it copied and left out, how long it waits. */
export const remarkOn = ({ message, copied, status, dueAt }: StepResult) =>
  [
    ...(message === null ? [] : [message]),
    ...(copied?.skipped ?? []).map(({ path, reason }) => `${path}: ${reason}.`),
    ...(dueAt !== null && status === 'running' ? [`waits until ${shownTime(dueAt)}`] : []),
  ].join(' ')

const counted = (count: number, one: string) => `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`

const shownPart = (ms: number | null) => (ms === null ? '' : shownDuration(ms))

/** Where the time of each step went that has begun. */
export const showTimes = (print: Printer, steps: StepResult[]) => {
  const begun = steps.filter(({ startedAt }) => startedAt !== null)
  if (begun.length === 0) return
  print.line()
  print.table(
    [
      { title: 'branch', value: ({ branch }) => branch },
      { title: 'step', value: nameOf },
      { title: 'waited', value: ({ timings }) => shownPart(timings.waitMs) },
      { title: 'connected', value: ({ timings }) => shownPart(timings.connectMs) },
      { title: 'log-in', value: ({ timings }) => shownPart(timings.authenticateMs) },
      { title: 'ran', value: ({ timings }) => shownPart(timings.runMs) },
      { title: 'collected', value: ({ timings }) => shownPart(timings.collectMs) },
      { title: 'output', value: ({ outputBytes }) => (outputBytes === 0 ? '' : counted(outputBytes, 'byte')) },
      { title: 'executor', value: ({ executor }) => executor ?? '' },
    ],
    begun,
  )
}
