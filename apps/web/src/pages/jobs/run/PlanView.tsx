import { Alert, Button, List, Stack, Text } from '@mantine/core'
import type { Plan, PlanDiff, PlannedBranch } from '@opsconductor/contract'
import { IconAlertTriangle, IconRefreshAlert } from '@tabler/icons-react'
import { useState } from 'react'
import { PlanChanges } from './PlanChanges.tsx'
import classes from './PlanView.module.css'

const shownAtFirst = 20
const shownMore = 200

/** `change` is what is different from the plan that was shown before; its `diff` is absent where nobody knows. */
type Props = { plan: Plan; change: { diff: PlanDiff | undefined } | null }

/** Which target gets exactly which command. */
export const PlanView = ({ plan, change }: Props) => {
  const [shown, setShown] = useState(shownAtFirst)
  const { branches, warnings, sinceSuccess } = plan
  const batches = new Set(branches.map(({ batch }) => batch)).size
  return (
    <Stack gap="sm">
      {change !== null && (
        <Alert
          variant="default"
          role="alert"
          icon={<IconRefreshAlert aria-hidden />}
          title="The plan has changed meanwhile"
        >
          {change.diff !== undefined && <PlanChanges diff={change.diff} />}
          <Text size="sm" mt={6}>
            Nothing was started. This is the plan of now.
          </Text>
        </Alert>
      )}
      {warnings.length > 0 && (
        <Alert variant="default" icon={<IconAlertTriangle aria-hidden />} title="Worth a look">
          <Words words={warnings} />
        </Alert>
      )}
      {sinceSuccess !== null && <SinceSuccess since={sinceSuccess} />}
      <Text size="sm" c="dimmed">
        {branches.length.toLocaleString('en')} {branches.length === 1 ? 'branch' : 'branches'}
        {batches > 1 && ` in ${batches} batches`}, version {plan.job.version} of the job. Secrets are masked.
      </Text>
      <ol className={classes.branches}>
        {branches.slice(0, shown).map((branch) => (
          <Branch key={branch.number} branch={branch} withBatch={batches > 1} isOpen={branches.length <= 5} />
        ))}
      </ol>
      {branches.length > shown && (
        <Button variant="default" size="xs" onClick={() => setShown(shown + shownMore)}>
          Show {Math.min(shownMore, branches.length - shown).toLocaleString('en')} more of{' '}
          {(branches.length - shown).toLocaleString('en')}
        </Button>
      )}
    </Stack>
  )
}

const SinceSuccess = ({ since: { execution, diff } }: { since: NonNullable<Plan['sinceSuccess']> }) =>
  diff.total === 0 ? (
    <Text size="sm" c="dimmed">
      The same as {execution.ref}, the last that completed.
    </Text>
  ) : (
    <details>
      <summary className={classes.since}>
        {diff.total.toLocaleString('en')} {diff.total === 1 ? 'difference' : 'differences'} from {execution.ref}, the
        last that completed
      </summary>
      <PlanChanges diff={diff} />
    </details>
  )

const Words = ({ words }: { words: readonly string[] }) => (
  <List size="sm">
    {words.slice(0, 50).map((word) => (
      <List.Item key={word}>{word}</List.Item>
    ))}
    {words.length > 50 && <List.Item>and {words.length - 50} more</List.Item>}
  </List>
)

const Branch = ({ branch, withBatch, isOpen }: { branch: PlannedBranch; withBatch: boolean; isOpen: boolean }) => {
  const { number, target, method, credential, batch, steps } = branch
  return (
    <li className={classes.branch}>
      <details open={isOpen}>
        <summary className={classes.summary}>
          <span className={`${classes.quiet} number`}>{number}</span>
          <b>{target.name}</b>
          <span className={classes.quiet}>
            {method.type} {method.host}:{method.port}
            {method.via && ` via ${method.via.join(', ')}`},{' '}
            {credential === null ? 'no credential' : `as ${credential}`}
            {withBatch && `, batch ${batch}`}
          </span>
        </summary>
        <ol className={classes.steps}>
          {steps.map((step) => (
            <li key={step.id}>
              <span className={classes.quiet}>
                {step.name} · {step.type}
                {step.method !== null && ` · ${step.mode}`}
                {step.timeoutSec !== null && ` · at most ${step.timeoutSec} s`}
                {step.target.uuid !== target.uuid && ` · on ${step.target.name}`}
                {step.dependsOn.length > 0 && ` · uses ${step.dependsOn.join(', ')}, known only when it runs`}
              </span>
              <pre className={classes.command}>{step.command}</pre>
            </li>
          ))}
        </ol>
      </details>
    </li>
  )
}
