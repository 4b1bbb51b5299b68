import { Group, Text } from '@mantine/core'
import { api, type Branch, type ResolveRequest } from '@opsconductor/contract'
import { call, useMay } from '../../session/index.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'
import { tellDone } from '../../ui/notices.ts'
import classes from './LostBranch.module.css'

const choices: Record<
  ResolveRequest['as'],
  { label: string; title: string; confirm: string; follows: string; done: string; isDangerous?: boolean }
> = {
  completed: {
    label: 'It has run',
    title: 'Did the step run to its end?',
    confirm: 'It has run',
    follows: 'The step counts as completed, and the branch goes on with the next one.',
    done: 'The branch goes on.',
  },
  again: {
    label: 'Run it again',
    title: 'Run the step again?',
    confirm: 'Run it again',
    follows: 'The step is run a second time on this target. Look first whether it still runs there.',
    done: 'The step runs again.',
    isDangerous: true,
  },
  failed: {
    label: 'Give up',
    title: 'Give this branch up?',
    confirm: 'Give up',
    follows: 'The branch fails, and its other steps are not run. What may still run on the target is left alone.',
    done: 'The branch was given up.',
    isDangerous: true,
  },
}

type Props = { executionRef: string; branch: Branch }

/** A branch of which nobody knows how its step ended, and what a person can say about it. */
export const LostBranch = ({ executionRef, branch }: Props) => (
  <section className={classes.lost} aria-label="Lost step">
    <Text size="sm">
      Nobody knows whether the step ran to its end, so it is not run again on its own. Look at {branch.target.name},
      then say what became of it. If the target can be asked again, it tells by itself.
    </Text>
    <Choices executionRef={executionRef} branch={branch} among={['completed', 'again', 'failed']} />
  </section>
)

/** A branch whose step is to be stopped, while no executor is there to do it. */
export const UnstoppedBranch = ({ executionRef, branch }: Props) => (
  <section className={classes.lost} aria-label="Step to be stopped">
    <Text size="sm">
      Its step is stopped as soon as an executor has the branch. Where none will come, look at {branch.target.name}{' '}
      yourself and give the branch up: what runs there is left alone then.
    </Text>
    <Choices executionRef={executionRef} branch={branch} among={['failed']} />
  </section>
)

const Choices = ({ executionRef, branch, among }: Props & { among: ResolveRequest['as'][] }) => {
  const may = useMay()
  const resolve = (as: ResolveRequest['as']) => async () => {
    const params = { ref: executionRef, number: Number(branch.number) }
    await call(api.branches.resolve, { params, body: { as } })
    tellDone(choices[as].done)
  }
  if (!may('executions.resolve')) return null
  return (
    <Group gap="xs">
      {among.map((as) => {
        const { label, title, confirm, follows, isDangerous = false } = choices[as]
        return (
          <ConfirmButton
            key={as}
            label={label}
            title={title}
            confirm={confirm}
            isDangerous={isDangerous}
            action={resolve(as)}
            button={{ size: 'xs' }}
          >
            {follows}
          </ConfirmButton>
        )
      })}
    </Group>
  )
}
