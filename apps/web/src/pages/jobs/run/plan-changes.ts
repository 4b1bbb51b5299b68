import type { Plan, PlannedBranch } from '@opsconductor/contract'

/** What is different between the plan that was shown and the one of now, in sentences. */
export const planChanges = (before: Plan, after: Plan): string[] => {
  const earlier = new Map(before.branches.map((branch) => [branch.target.uuid, branch]))
  const later = new Map(after.branches.map((branch) => [branch.target.uuid, branch]))
  const changes = [
    ...(before.job.version === after.job.version
      ? []
      : [`The job is now version ${after.job.version}; it was ${before.job.version}.`]),
    ...before.branches
      .filter(({ target }) => !later.has(target.uuid))
      .map(({ target }) => `${target.name} is no longer part of it.`),
    ...after.branches.flatMap((branch) => {
      const was = earlier.get(branch.target.uuid)
      return was ? branchChanges(was, branch) : [`${branch.target.name} has been added.`]
    }),
  ]
  return changes.length > 0 ? changes : ['The order of the branches has changed.']
}

const branchChanges = (before: PlannedBranch, after: PlannedBranch): string[] => {
  const { name } = after.target
  const address = ({ type, host, port }: PlannedBranch['method']) => `${type} ${host}:${port}`
  return [
    ...(address(before.method) === address(after.method)
      ? []
      : [`${name} is now reached by ${address(after.method)}.`]),
    ...(before.credential === after.credential ? [] : [`${name} now uses ${after.credential ?? 'no credential'}.`]),
    ...(before.batch === after.batch ? [] : [`${name} is now in batch ${after.batch}.`]),
    ...after.steps.flatMap((step, index) => {
      const was = before.steps[index]
      if (was?.command === step.command) return []
      return [`${name}: the command of “${step.name}” is ${was ? 'another one' : 'new'}.`]
    }),
    ...(before.steps.length > after.steps.length ? [`${name} has fewer steps.`] : []),
  ]
}
