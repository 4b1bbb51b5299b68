import type { JobDocument, PlannedBranch } from '@opsconductor/contract'
import type { RunTarget } from '../../assets/index.ts'
import { ruleOf, stepNameOf } from '../steps/step-types.ts'
import type { RunValues } from './values.ts'

/** What people should know before they run a plan. */
export const warningsOf = (
  document: JobDocument,
  targets: readonly RunTarget[],
  branches: readonly PlannedBranch[],
  values: RunValues,
): string[] => [
  ...targets
    .filter(({ status }) => status !== 'active')
    .map(({ name, status }) => `${name} is ${status === 'maintenance' ? 'in maintenance' : 'inactive'}.`),
  ...branches
    .filter(({ credential, method }) => credential === null && method.type !== 'local')
    .map(({ target }) => `${target.name} has no credential for its method.`),
  ...targets.flatMap(({ methods }) => methods.flatMap(({ way }) => way.problem ?? [])),
  ...document.steps.flatMap((step, index) =>
    ruleOf(step)
      .warnings(step, ({ names }) =>
        names.some(([name, more]) => more === undefined && values.secretNames.has(name ?? '')),
      )
      .map((warning) => `${stepNameOf(step, index)}: ${warning}`),
  ),
]

const manyTargets = 10
const farMore = 3

/** A plan that touches far more than its job ever did is looked at twice; null when it does not. */
export const breadthWarning = (targets: number, before: { executions: number; targets: number }): string | null =>
  before.executions === 0 || targets < manyTargets || targets <= before.targets * farMore
    ? null
    : `This touches ${targets} targets; the last ${before.executions === 1 ? 'execution' : `${before.executions} executions`} of this job touched at most ${before.targets}.`
