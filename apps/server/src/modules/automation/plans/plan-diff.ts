import type { PlanChange, PlanDiff, SerialReference } from '@opsconductor/contract'

/** What two plans are compared by; where one side does not know something, both leave it out. */
export type Comparable = {
  version: number
  branches: { target: SerialReference; batch: number; steps: ComparableStep[] }[]
}
export type ComparableStep = {
  id: string
  name: string
  target: SerialReference
  method: string
  credential: string | null
  command: string
  mode: string
  timeoutSec: number | null
}

const changesShown = 500
/** Of each text, in UTF-16 units; and of all together. */
const textShown = 4_000
const textsShown = 400_000

/** What has been added, removed and changed, in the order of the later plan; what is gone comes first. */
export const diffPlans = (before: Comparable, after: Comparable): PlanDiff => {
  const earlier = new Map(before.branches.map((branch) => [branch.target.uuid, branch]))
  const later = new Set(after.branches.map(({ target }) => target.uuid))
  const changes: PlanChange[] = []
  const say = (what: PlanChange['what'], rest: Partial<PlanChange>) =>
    changes.push({ what, change: 'changed', target: null, step: null, before: null, after: null, ...rest })

  if (before.version !== after.version) say('version', { before: String(before.version), after: String(after.version) })
  for (const { target } of before.branches) if (!later.has(target.uuid)) say('target', { change: 'removed', target })
  for (const branch of after.branches) {
    const was = earlier.get(branch.target.uuid)
    if (was === undefined) say('target', { change: 'added', target: branch.target })
    else changes.push(...branchChanges(was, branch))
  }
  const kept = before.branches.filter(({ target }) => later.has(target.uuid)).map(({ target }) => target.uuid)
  const now = after.branches.filter(({ target }) => earlier.has(target.uuid)).map(({ target }) => target.uuid)
  if (kept.some((uuid, index) => now[index] !== uuid)) say('order', {})

  return { changes: shortened(changes), total: changes.length }
}

const branchChanges = (before: Comparable['branches'][number], after: Comparable['branches'][number]): PlanChange[] => {
  const { target } = after
  const changes: PlanChange[] = []
  const compare = (what: PlanChange['what'], step: string | null, was: string | null, is: string | null) => {
    if (was !== is) changes.push({ what, change: changeOf(was, is), target, step, before: was, after: is })
  }
  compare('batch', null, String(before.batch), String(after.batch))
  const earlier = new Map(before.steps.map((step) => [step.id, step]))
  const later = new Set(after.steps.map(({ id }) => id))
  for (const { id, name, command } of before.steps) {
    if (!later.has(id))
      changes.push({ what: 'step', change: 'removed', target, step: name, before: command, after: null })
  }
  for (const step of after.steps) {
    const was = earlier.get(step.id)
    if (was === undefined) {
      changes.push({ what: 'step', change: 'added', target, step: step.name, before: null, after: step.command })
      continue
    }
    compare('target', step.name, was.target.name, step.target.name)
    compare('method', step.name, was.method, step.method)
    compare('credential', step.name, was.credential, step.credential)
    compare('command', step.name, was.command, step.command)
    compare('mode', step.name, was.mode, step.mode)
    compare('timeout', step.name, inSeconds(was.timeoutSec), inSeconds(step.timeoutSec))
  }
  return changes
}

const changeOf = (before: string | null, after: string | null): PlanChange['change'] =>
  before === null ? 'added' : after === null ? 'removed' : 'changed'

const inSeconds = (sec: number | null) => (sec === null ? null : `${sec} s`)

const shortened = (changes: readonly PlanChange[]): PlanChange[] => {
  let left = textsShown
  const cut = (text: string | null) => {
    if (text === null) return null
    const most = Math.min(textShown, left)
    left -= Math.min(text.length, most)
    // an ellipsis may stand for half of a character, never behind it
    return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`
  }
  return changes
    .slice(0, changesShown)
    .map((change) => ({ ...change, before: cut(change.before), after: cut(change.after) }))
}
