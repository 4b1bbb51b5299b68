import type { Dashboard, Permission } from '@opsconductor/contract'
import { IconCheck } from '@tabler/icons-react'
import { useMay } from '../../session/index.ts'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { Section } from '../../ui/Section.tsx'
import classes from './FirstSteps.module.css'

type Step = { title: string; why: string; label: string; to: string; permission: Permission; isDone: boolean }

const stepsOf = ({ credentials, targets, jobs, recent }: Dashboard): Step[] => [
  {
    title: 'Add a credential',
    why: 'An SSH key or a password with which OpsConductor logs in.',
    label: 'Add a credential',
    to: '/credentials/new',
    permission: 'credentials.create',
    isDone: credentials > 0,
  },
  {
    title: 'Add a target',
    why: 'A machine that can be reached, tested at once.',
    label: 'Add a target',
    to: '/targets/new',
    permission: 'targets.create',
    isDone: targets.total > 0,
  },
  {
    title: 'Write a job',
    why: 'One or more commands, with parameters where they vary.',
    label: 'Write a job',
    to: '/jobs/new',
    permission: 'jobs.create',
    isDone: jobs > 0,
  },
  {
    title: 'Run it',
    why: 'See first what would run where; then watch it live.',
    label: 'To the jobs',
    to: '/jobs',
    permission: 'executions.start',
    isDone: recent.length > 0,
  },
]

export const isNewHere = (dashboard: Dashboard) => stepsOf(dashboard).some(({ isDone }) => !isDone)

/** Leads somebody new from nothing to a first job that has run. Gone when it has. */
export const FirstSteps = ({ dashboard }: { dashboard: Dashboard }) => {
  const may = useMay()
  const steps = stepsOf(dashboard)
  const next = steps.find(({ isDone }) => !isDone)
  return (
    <Section title="First steps" description="Four steps from here to a job that runs">
      <ol className={classes.steps}>
        {steps.map((step, index) => (
          <li key={step.to} data-done={step.isDone || undefined} data-next={step === next || undefined}>
            <span className={classes.mark} aria-hidden>
              {step.isDone ? <IconCheck size={15} stroke={2.5} /> : index + 1}
            </span>
            <div className={classes.words}>
              <strong>{step.title}</strong>
              {step.isDone ? <span>Done</span> : <span>{step.why}</span>}
            </div>
            {!step.isDone && may(step.permission) && (
              <LinkButton to={step.to} size="xs" variant={step === next ? 'filled' : 'default'}>
                {step.label}
              </LinkButton>
            )}
          </li>
        ))}
      </ol>
    </Section>
  )
}
